"""A program whose tool kills it: before its effect, after it, or when its end is being written."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from halo_voice.calls.errands import Errands
from halo_voice.store import open_store
from halo_voice.tools import Use, tool
from tests.one_call import heard
from tests.tooling import ScriptedModel, call_with, using


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def diary(path: str, moment: str = "", *, knows_keys: bool):
    """A tool that writes its effect to a file; at `moment` its process is killed."""

    @tool(
        "Записать.", name="book", effect=True, repeatable=knows_keys, deadline_s=2.0, longest_s=3.0
    )
    async def book(day: str, use: Use) -> str:
        if moment == "before":
            die()
        with open(path, "a+") as file:  # noqa: ASYNC230, PTH123
            file.seek(0)
            if not knows_keys or use.key not in file.read():
                file.write(f"{use.key} {day}\n")
                file.flush()
                os.fsync(file.fileno())
        if moment == "after":
            die()
        return "Записано."

    return book


async def main(url: str, path: str, moment: str, knows_keys: str) -> None:
    store = await open_store(url)
    if moment == "ending":
        Errands._write = lambda *_: die()  # type: ignore[method-assign, assignment]
    model = ScriptedModel([using("book", day="завтра")], ["Вы записаны."])
    call = await call_with(model, diary(path, moment, knows_keys=knows_keys == "1"), store=store)
    await call.take(heard(1, "Запишите"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
