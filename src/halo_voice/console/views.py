"""Pages from templates: escaping, times in the company's zone, money, masked numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from halo_voice.console.texts import translator

MICROS = 1_000_000
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"} | {
    "svg": "image/svg+xml"
}


class Views:
    """Renders templates in one time zone. `utc_hours`: hours east of Greenwich. `mask_numbers`:
    callers' numbers are shown with their middle hidden."""

    def __init__(self, utc_hours: float, *, mask_numbers: bool) -> None:
        self._mask_numbers = mask_numbers
        self.zone = timezone(timedelta(hours=utc_hours))
        environment = Environment(
            loader=PackageLoader("halo_voice.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "moment": self.moment,
            "day": self.day,
            "clock": clock,
            "seconds": _as_written(seconds),
            "roubles": _as_written(roubles),
            "percent": _as_written(percent),
            "day_name": day_name,
            "caller": self.caller,
            "number": number,
        }
        environment.globals["asset"] = asset
        # Now, on the thread that makes the console: with the first page it would hold up calls.
        self._templates = {
            name: environment.get_template(name) for name in environment.list_templates(["html"])
        }

    def render(self, template: str, language: str, **values: Any) -> str:
        translate = translator(language)
        return self._templates[template].render(_=translate, language=language, **values)

    def moment(self, value: datetime | None) -> str:
        """`27.11.2026 14:05:09`."""
        return value.astimezone(self.zone).strftime("%d.%m.%Y %H:%M:%S") if value else "—"

    def day(self, value: datetime | None) -> str:
        return value.astimezone(self.zone).strftime("%d.%m.%Y") if value else "—"

    @staticmethod
    def seconds(ms: float | None) -> str:
        return seconds(ms)

    def caller(self, number: str) -> str:
        """A caller's number as pages show it."""
        return masked(number) if self._mask_numbers else number

    def begin_of(self, day: str) -> datetime | None:
        """The first moment (UTC) of a day written `2026-11-27`; None for anything else."""
        try:
            local = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=self.zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def decimal(figure: str, language: str) -> str:
    """A figure with a comma, as the language writes it."""
    return figure.replace(",", ".") if language == "en" else figure


def _as_written(figure: Callable[..., str]) -> Callable[..., str]:
    """A filter of templates: `figure` in the page's language."""

    @pass_context
    def told(context: Context, *given: Any) -> str:
        return decimal(figure(*given), context.get("language", ""))

    return told


def clock(ms: int | None) -> str:
    """`1:05` for 65,300 ms."""
    return "—" if ms is None else f"{ms // 60_000}:{ms // 1000 % 60:02}"


def seconds(ms: float | None) -> str:
    """`1,25` for 1,250 ms."""
    return "—" if ms is None else f"{ms / 1000:.2f}".replace(".", ",")


def day_name(day: str) -> str:
    """`27.11.2026` for `2026-11-27`."""
    return ".".join(reversed(day.split("-")))


def percent(share: float, digits: int = 0) -> str:
    """`36,1 %`."""
    return f"{100 * share:.{digits}f}\u00a0%".replace(".", ",")


def roubles(micros: int) -> str:
    """`0,42 ₽`; a dash for what cost nothing, or has no price."""
    return f"{micros / MICROS:.2f} ₽".replace(".", ",") if micros else "—"


def number(value: int) -> str:
    """With narrow spaces between the thousands."""
    return f"{value:,}".replace(",", "\u202f")


def masked(written: str) -> str:
    """A telephone number with its middle hidden: `+7 999 •••-••-67`."""
    digits = "".join(c for c in written if c.isascii() and c.isdigit())
    if len(digits) < 6:
        return "•••" if written else ""
    plus = "+" if written.startswith("+") else ""
    return f"{plus}{digits[:1]} {digits[1:4]} •••-••-{digits[-2:]}"


@cache
def static(name: str) -> tuple[bytes, str] | None:
    """A file that pages use, and its type; None when there is no such file."""
    kind = TYPES.get(name.rpartition(".")[2])
    found = next((f for f in files("halo_voice.console").joinpath("static").iterdir()
                  if f.name == name), None) if kind else None  # fmt: skip
    return (found.read_bytes(), kind) if found is not None and kind else None


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file."""
    found = static(name)
    assert found is not None, name
    return f"/console/static/{name}?v={hashlib.sha256(found[0]).hexdigest()[:12]}"


def as_json(value: Mapping[str, Any]) -> str:
    """For an attribute of a page, which escapes it."""
    return json.dumps(value, ensure_ascii=False)
