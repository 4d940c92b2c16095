"""Where the clock of a telephone number may stand: hours east of Greenwich. Pure.

A Russian area code tells its region; a mobile number tells none, for it moves with its owner. What
tells nothing may be anywhere in the country: whoever dials has to respect all of its clocks.
"""

from __future__ import annotations

from collections.abc import Mapping

RUSSIA = tuple(float(hours) for hours in range(2, 13))
"""Kaliningrad to Kamchatka."""

_MOSCOW = (3.0,)
# By the first three digits behind +7. Those of 3xx, 4xx and 8xx that are not here are Moscow's.
_AREAS: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(("401",), (2.0,)),
    **dict.fromkeys(("341", "842", "845", "846", "848", "851"), (4.0,)),
    **dict.fromkeys(("342", "343", "345", "346", "347", "349", "351", "352", "353"), (5.0,)),
    "381": (6.0,),
    **dict.fromkeys(("382", "383", "384", "385", "388", "390", "391", "394"), (7.0,)),
    **dict.fromkeys(("301", "395"), (8.0,)),
    **dict.fromkeys(("302", "416"), (9.0,)),
    "411": (9.0, 10.0, 11.0),
    **dict.fromkeys(("421", "423", "426"), (10.0,)),
    **dict.fromkeys(("413", "424"), (11.0,)),
    **dict.fromkeys(("415", "427"), (12.0,)),
}
_ABROAD: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(("76", "77"), (5.0,)),  # Kazakhstan
    "375": (3.0,),
    "374": (4.0,),
    "995": (4.0,),
    "994": (4.0,),
    "996": (6.0,),
    "998": (5.0,),
    "992": (5.0,),
    "373": (2.0, 3.0),
}


def zones_of(
    number: str, known: Mapping[str, float], unknown: tuple[float, ...]
) -> tuple[float, ...]:
    """All clocks that may be its own; empty where nothing is known of its country.

    `number`: digits with the country's code. `known`: beginnings of numbers whose clock the company
    knows, the longest wins. `unknown`: the clocks of Russian numbers that tell nothing.
    """
    beginning = max((each for each in known if number.startswith(each)), key=len, default="")
    if beginning:
        return (known[beginning],)
    for country, zones in _ABROAD.items():
        if number.startswith(country):
            return zones
    if not number.startswith("7") or len(number) != 11:
        return ()
    area = number[1:4]
    if area in _AREAS:
        return _AREAS[area]
    if area[0] in "34" or (area[0] == "8" and area[1] != "0"):
        return _MOSCOW
    return unknown
