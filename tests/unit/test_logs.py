"""Log lines: one event a line, and nothing of a call in those of libraries."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
import structlog

from tests.private import MARKERS, SPOKEN, found, written


def fail(words: str) -> None:
    raise ValueError(f"cannot read: {words}")


def library_fails() -> None:
    """A library logs a fault as it likes, with its message and its traceback."""
    try:
        fail(SPOKEN)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n%s", SPOKEN)


async def task_fails() -> None:
    """A task that nobody waits for, and a callback: asyncio writes what they were given."""

    async def broken() -> None:
        fail(SPOKEN)

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    del task
    asyncio.get_running_loop().call_soon(fail, SPOKEN)
    await asyncio.sleep(0)


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_library_writes_a_caller_s_words(form):
    """Invariant 20: of a fault its kind and its places are told, not its message."""
    with written(form) as out:
        library_fails()
        asyncio.run(task_fails())
    lines = out.getvalue()
    assert "ValueError" in lines
    assert "test_logs.py" in lines
    assert found(lines) == []
    assert len(lines.splitlines()) == lines.count("ValueError") == 3


def test_a_line_is_one_line(capsys):
    """F80: a line break within a value stays within its line, and a control character is shown."""
    hostile = 'x\r\n{"event": "forged"}\x1b[31m\u2028'
    with written("json") as out:
        structlog.get_logger().warning("told", code=hostile)
    lines = out.getvalue().split("\n")
    assert len(lines) == 2
    assert json.loads(lines[0])["code"] == hostile
    assert "\x1b" not in lines[0]
    with written("text") as out:
        structlog.get_logger().warning("told", code=hostile)
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
    assert capsys.readouterr() == ("", "")


def test_the_markers_are_found_where_they_are():
    """The search that other tests lean on finds each marker that is there."""
    assert {kind for kind, forms in MARKERS.items() if set(found(SPOKEN)) & set(forms)} == {
        "phone", "card", "email", "passport", "name", "words",
    }  # fmt: skip


SECRETS = ['s3cr3t "quoted" ключ', "s3cr3t", "k" * 32, "tiny", ""]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_stays_in_a_line(form):
    """F76: of ours or of a library's, in a value, in a message, in a list, in a traceback."""
    with written(form, SECRETS) as out:
        structlog.get_logger().error("failed", url=f"https://u:{SECRETS[0]}@host", keys=SECRETS)
        logging.getLogger("httpx").warning("sent %s with %r", SECRETS[2], SECRETS[0])
        try:
            fail(SECRETS[2])
        except ValueError:
            structlog.get_logger().exception("broke")
    lines = out.getvalue()
    assert lines.count("[secret]") >= 6
    assert "s3cr3t" not in lines
    assert "k" * 32 not in lines
    assert "tiny" in lines, "what is so short would be found in words"


@pytest.mark.parametrize("form", ["json", "text"])
def test_without_secrets_a_line_is_as_it_is(form):
    """F76: nothing is taken out where there is nothing to hide."""
    with written(form, []) as out:
        structlog.get_logger().error("failed", what="s3cr3t")
    assert "s3cr3t" in out.getvalue()
