"""The channels of profiles, made of their tables and the named secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from halo_voice.core.after import Outlet
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profile
from halo_voice.workflows.channel import Channel
from halo_voice.workflows.mail import Mail
from halo_voice.workflows.presets import TELEGRAM, AmoCrm, Bitrix24, HttpChannel, Preset, Telegram
from halo_voice.workflows.request import door_to

_SLOT = re.compile(r"\{(\w+)\}")
_PRESETS = {"telegram": Telegram, "amocrm": AmoCrm, "bitrix24": Bitrix24}

Channels = Mapping[str, Mapping[str, Channel]]
"""By the profile's name and the channel's."""


def channels_of(
    profiles: Iterable[Profile],
    *,
    secrets: Mapping[str, str],
    private_hosts: Iterable[str] = (),
    ca_file: str = "",
) -> Channels:
    """Raises `ConfigurationError` with all faults; none of them shows a secret."""
    faults: list[str] = []
    found: dict[str, dict[str, Channel]] = {}
    for profile in profiles:
        made = found.setdefault(profile.name, {})
        for name, outlet in profile.after.deliver.items():
            place = f"{profile.name}: after.deliver.{name}"
            table, missing = _filled(outlet.table, secrets)
            faults += [f"{place}: HALO_DELIVERY_SECRETS has no {each}" for each in missing]
            if missing:
                continue
            try:
                made[name] = _channel(outlet, table, frozenset(private_hosts), ca_file or None)
            except ConfigurationError as error:
                faults += [f"{place}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigurationError(faults)
    return found


def _channel(
    outlet: Outlet, table: dict[str, Any], private_hosts: frozenset[str], ca_file: str | None
) -> Channel:
    if outlet.to == "email":
        return Mail(**table, private_hosts=private_hosts, ca_file=ca_file)
    preset: Preset = _PRESETS[outlet.to](**table)
    door = door_to(table.get("url", TELEGRAM), private_hosts, ca_file)
    return HttpChannel(preset, door)


def _filled(
    table: Mapping[str, Any], secrets: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The table with its secrets, and the names that there are no secrets for."""
    missing = [
        name
        for value in table.values()
        if isinstance(value, str)
        for name in _SLOT.findall(value)
        if name not in secrets
    ]
    filled = {
        key: _SLOT.sub(lambda slot: secrets.get(slot[1], ""), value)
        if isinstance(value, str)
        else value
        for key, value in table.items()
    }
    return filled, missing
