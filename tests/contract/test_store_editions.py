"""Editions and drafts of assistants: the same on every store."""

from __future__ import annotations

import asyncio

import pytest
from store_place import Place

from halo_voice.core.editions import EDITIONS_KEPT, PROFILE, Content, Paper

FIRST = Content('name = "shop"\n', (Paper("a.md", "## А\n\nб"), Paper("p.pdf, с. 1", "в", True)))
SECOND = FIRST.with_text("a.md", "## А\n\nг")


@pytest.fixture
async def editions(answering: Place):
    return (await answering.open()).editions


async def publish(editions, number: int, content: Content = FIRST, **how) -> bool:
    given = {"by": "anna", "origin": "console", "version": f"v{number}", **how}
    return await editions.publish("shop", number, content, **given)


async def test_an_edition_is_kept_as_it_was_with_who_and_when(editions, answering: Place) -> None:
    """The newest tells what is in force; an older one comes back word for word."""
    at = answering.clock()
    assert await editions.newest() == {}
    assert await publish(editions, 1, origin="folder", by="")
    answering.clock.advance(5)
    assert await publish(editions, 2, SECOND, origin="back", of=1)
    newest = (await editions.newest())["shop"]
    assert (newest.number, newest.by, newest.origin, newest.of) == (2, "anna", "back", 1)
    assert newest.version == "v2"
    assert [(each.number, each.at) for each in await editions.editions("shop")][1] == (1, at)
    assert await editions.content("shop", 1) == FIRST
    assert await editions.content("shop", 2) == SECOND
    assert await editions.content("shop", 3) is None
    assert await editions.editions("nobody") == []


async def test_a_number_is_given_once(editions) -> None:
    """Of two who publish at the same moment one is refused, and the other's words stand."""
    both = await asyncio.gather(publish(editions, 1, FIRST), publish(editions, 1, SECOND))
    assert sorted(both) == [False, True]
    stands = FIRST if both[0] else SECOND
    assert await editions.content("shop", 1) == stands


async def test_of_two_editors_the_second_overwrites_nothing(editions) -> None:
    """Whoever has not seen the newest draft is refused, be it to change, publish or drop it."""
    one = await editions.keep_draft("shop", FIRST, by="anna", base=1, seen="")
    assert one.content == FIRST
    assert await editions.keep_draft("shop", SECOND, by="boris", base=1, seen="") is None
    two = await editions.keep_draft("shop", SECOND, by="boris", base=9, seen=one.revision)
    assert (two.by, two.base, two.revision != one.revision) == ("boris", 1, True)
    assert await editions.keep_draft("shop", FIRST, by="anna", base=1, seen=one.revision) is None
    assert not await publish(editions, 1, FIRST, draft=one.revision)
    assert not await editions.drop_draft("shop", one.revision)
    assert await editions.draft("shop") == two
    assert await editions.newest() == {}


async def test_a_published_draft_is_gone_and_an_old_revision_never_comes_back(editions) -> None:
    """A page that was open all the time cannot write over a draft that was begun afterwards."""
    one = await editions.keep_draft("shop", SECOND, by="anna", base=0, seen="")
    assert await publish(editions, 1, SECOND, draft=one.revision)
    assert await editions.draft("shop") is None
    assert not await publish(editions, 2, SECOND, draft=one.revision)
    two = await editions.keep_draft("shop", FIRST, by="boris", base=1, seen="")
    assert await editions.keep_draft("shop", SECOND, by="anna", base=1, seen=one.revision) is None
    assert await editions.drop_draft("shop", two.revision)
    assert await editions.draft("shop") is None


async def test_hostile_characters_are_kept_as_the_same_sign_everywhere(editions) -> None:
    """What no database can keep does not stop an editor."""
    content = FIRST.with_text(PROFILE, "a\x00\ud800").with_text("b.md", "<script>\x00")
    draft = await editions.keep_draft("shop", content, by="a\x00", base=0, seen="")
    assert draft.content.profile == "a\ufffd\ufffd"
    assert draft.content.text("b.md") == "<script>\ufffd"
    assert await editions.draft("shop") == draft


async def test_the_oldest_editions_are_forgotten(editions) -> None:
    """There is a limit, and it is of each assistant alone."""
    await editions.publish("other", 1, FIRST, by="", origin="folder", version="v")
    for number in range(1, EDITIONS_KEPT + 3):
        assert await publish(editions, number)
    numbers = [each.number for each in await editions.editions("shop")]
    assert numbers == list(range(EDITIONS_KEPT + 2, 2, -1))
    assert len(await editions.editions("other")) == 1


async def test_a_second_process_sees_the_same(durable: Place) -> None:
    """They are in the store, not in the process; and still there after a restart."""
    first, second = await durable.open(), await durable.open()
    draft = await first.editions.keep_draft("shop", FIRST, by="anna", base=0, seen="")
    assert await second.editions.draft("shop") == draft
    assert await publish(second.editions, 1, FIRST, draft=draft.revision)
    assert await first.editions.draft("shop") is None
    for store in (first, second):
        await store.close()
    again = await durable.open()
    assert (await again.editions.newest())["shop"].version == "v1"
    assert await again.editions.content("shop", 1) == FIRST
