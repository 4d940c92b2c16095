"""Python functions as tools: schema from types, arguments checked, what they raise translated."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import pytest

from halo_voice.core.errors import ConfigurationError, ToolError, ToolMisused
from halo_voice.core.tools import Use
from halo_voice.tools import tool
from halo_voice.tools.function import THREADS_MAX
from halo_voice.tools.load import functions_of

USE = Use(key="k", call_id="c-1", turn=1, caller="", now=datetime(2026, 11, 27, tzinfo=UTC))


@tool("Записать.", effect=True)
async def book(
    day: Annotated[date, "день"],
    at: time,
    use: Use,
    kind: Literal["кухня", "свет"] = "свет",
    note: str | None = None,
) -> dict:
    return {"day": day, "at": at, "kind": kind, "note": note, "key": use.key}


def test_the_schema_is_that_of_the_types():
    """Descriptions, defaults, choices; the `Use` is not the model's business."""
    schema = book.spec.parameters
    assert schema["required"] == ["day", "at"]
    assert schema["properties"]["day"] == {
        "type": "string",
        "format": "date",
        "description": "день",
    }
    assert schema["properties"]["kind"]["enum"] == ["кухня", "свет"]
    assert "use" not in schema["properties"]
    assert schema["additionalProperties"] is False
    assert "title" not in str(schema)
    assert book.spec.function["function"]["description"] == "Записать."


async def test_arguments_arrive_in_their_types():
    """And the result is JSON."""
    result = await book.run(book.check('{"day": "2026-12-03", "at": "15:30"}'), USE)
    assert result.text == (
        '{"day": "2026-12-03", "at": "15:30:00", "kind": "свет", "note": null, "key": "k"}'
    )


@pytest.mark.parametrize(
    "arguments",
    [
        '{"day": "завтра", "at": "15:30"}',
        '{"day": "2026-12-03"}',
        '{"day": "2026-12-03", "at": "15:30", "kind": "сад"}',
        '{"day": "2026-12-03", "at": "15:30", "use": {}}',
        '{"day": "2026-12-03", "at": "15:30", "note": "' + "я" * 1001 + '"}',
        "",
        "null",
        "[]",
        "{",
    ],
)
def test_wrong_arguments_are_told_without_their_values(arguments):
    """What the caller said is not repeated in an error."""
    with pytest.raises(ToolMisused) as caught:
        book.check(arguments)
    assert "завтра" not in caught.value.message


def test_a_number_is_taken_for_its_digits():
    """Models write order numbers as numbers."""

    @tool("Заказ.")
    async def order(number: str) -> str:
        return number

    assert order.check('{"number": 4207}') == {"number": "4207"}


async def test_a_function_that_blocks_holds_up_nobody():
    """It runs in a thread of its own; too many of them are refused, not queued."""
    gate = threading.Event()

    @tool("Ждёт.")
    def wait() -> str:
        gate.wait()
        return "Дождался."

    many = [asyncio.create_task(wait.run({}, USE)) for _ in range(THREADS_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(ToolError, match="слишком много"):
        await wait.run({}, USE)
    gate.set()
    assert {result.text for result in await asyncio.gather(*many)} == {"Дождался."}


def test_a_function_without_types_is_refused_at_the_start():
    """With its name and the parameter's."""
    with pytest.raises(ConfigurationError, match="bare: the parameter number needs a type"):

        @tool("Без типов.")
        def bare(number):
            return number


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tools.py"
    path.write_text(text)
    return path


def test_a_file_gives_its_tools(tmp_path: Path):
    """In their order; what is not one is left out."""
    path = file(
        tmp_path,
        "from __future__ import annotations\nfrom halo_voice.tools import tool\n"
        "@tool('Первый.')\nasync def one(x: int) -> str: ...\n"
        "@tool('Второй.', name='zwei')\ndef two() -> str: ...\ndef three(): ...\n",
    )
    assert [each.spec.name for each in functions_of(path)] == ["one", "zwei"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1", "has no function with @tool"),
        ("1 / 0", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
        ("from halo_voice.tools import tool\n@tool('x')\ndef f(a): ...", "the parameter a needs"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place(tmp_path: Path, text: str, fault: str):
    """At the start, not in a call."""
    path = file(tmp_path, text)
    with pytest.raises(ConfigurationError, match=fault) as caught:
        functions_of(path)
    assert str(path) in str(caught.value)
