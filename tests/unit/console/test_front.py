"""What a connection meets first: pages, made once and only when wanted, or the gate."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.front import Front, of_pages


class Pages:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone = self.closed = 0

    async def __call__(self, scope, receive, send) -> None:
        self.asked.append(scope["path"])

    def let_go(self) -> None:
        self.gone += 1

    async def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("path", ["/", "/console", "/console/", "/console/calls/1"])
def test_pages(path):
    """The root and all below the console's prefix."""
    assert of_pages(path)


@pytest.mark.parametrize("path", ["/process_text", "/consoles", "/readyz", "//console", "/stream"])
def test_no_pages(path):
    """Everything else is for the gate."""
    assert not of_pages(path)


async def test_the_console_is_made_once_and_only_when_it_is_wanted():
    """Requests of calls make nothing; two first visitors at a time share one console."""
    made: list[Pages] = []
    passed: list[str] = []

    def make() -> Pages:
        made.append(Pages())
        return made[-1]

    async def gate(scope, receive, send) -> None:
        passed.append(scope.get("path", ""))

    front = Front(gate, make)
    await front({"type": "http", "path": "/process_text"}, None, None)
    await front({"type": "websocket", "path": "/"}, None, None)
    await front({"type": "lifespan"}, None, None)
    front.let_go()
    assert (made, passed[:2]) == ([], ["/process_text", "/"])


async def test_two_first_visitors_share_one_console():
    """It is made on a thread; the second one waits for the same."""
    made: list[Pages] = []

    def make() -> Pages:
        made.append(Pages())
        return made[-1]

    front = Front(None, make)
    visits = [front({"type": "http", "path": "/"}, None, None) for _ in range(2)]
    await asyncio.gather(*visits)
    await front.close()
    assert [(p.asked, p.gone, p.closed) for p in made] == [(["/", "/"], 1, 1)]
