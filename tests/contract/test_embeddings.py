"""Passages found by what is meant: a server of vectors over a real connection, in real calls."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from halo_voice.app import configure
from halo_voice.cli import app
from halo_voice.core.embeddings import Embeddings
from halo_voice.core.errors import ConfigurationError, ModelBroken, ModelRefused, ModelTimeout
from halo_voice.core.ports import Message, Passage
from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.briefing import Briefing, joined
from halo_voice.knowledge.nearness import Nearness
from halo_voice.knowledge.vectors import VectorFile
from halo_voice.llm.embeddings import EmbeddingClient
from tests.halo import ROOT, TalkingModel, backend, client_of, settings
from tests.standins.embedding_server import EmbeddingServer, vector_of
from tests.standins.model_server import ModelServer, plain

TEXT = """## Доставка

Доставка стоит триста рублей.

## Часы работы

Магазин открыт с девяти.
"""
MEANT = "а вы сами довезёте"
"""It shares no root with the text: the words find nothing."""


def spec_of(server: EmbeddingServer, **more) -> Embeddings:
    return Embeddings(server.url, "vectors", key="embed", **more)


def passages(text: str = TEXT) -> CompanyTexts:
    return CompanyTexts([Document("shop.md", text)])


@asynccontextmanager
async def nearness_of(server, kept=None, *, text=TEXT, **more):
    spec = spec_of(server, **more)
    client = EmbeddingClient(spec, "sesame-1")
    nearness = Nearness(passages(text), spec, client, kept)
    try:
        yield nearness
    finally:
        await nearness.close()
        await client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "shop.md").write_text(TEXT, "utf-8")
    return tmp_path


def profile(folder: Path, url: str, **more) -> None:
    table = {"url": url, "model": "vectors", "key": "embed", **more}
    rows = "\n".join(f"{key} = {value!r}" for key, value in table.items())
    head = 'name = "shop"\ncompany = "Лавка"\ndefault = true\nknowledge = "texts"\n'
    (folder / "shop.toml").write_text(f"{head}\n[embeddings]\n{rows}\n", "utf-8")


def served(folder: Path, model: TalkingModel):
    return backend(
        model=model,
        assistants=folder,
        tool_secrets={"embed": "sesame-1"},
        embeddings_file=folder / "vectors.sqlite3",
    )


async def ask(client, turn: int, words: str) -> str:
    if turn == 1:
        begun = {"call_id": "c-1", "caller": "+79161234567", "called": "+74950000000"}
        await client.post("/call/start", json=begun)
    said = {"call_id": "c-1", "turn": turn, "user_text": words}
    return (await client.post("/process_text", json=said)).json()["ai_text"]


async def test_vectors_come_in_the_order_of_their_texts_under_the_key():
    """Whatever order the server has them in; each is of its own text."""
    async with EmbeddingServer(key="sesame-1") as server, nearness_of(server) as nearness:
        client = nearness._embedder
        asked = ["доставка", "открыт", "стоит"]
        vectors = await client.embed(asked, model="vectors", deadline_s=60)
        assert [list(each) for each in vectors] == [vector_of(each) for each in asked]


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (plain({"error": {}}, status=401), ModelRefused),
        (plain({"data": []}), ModelBroken),
        (plain({"data": [{"index": 1, "embedding": [1.0]}]}), ModelBroken),
        (plain({"data": [{"index": 0, "embedding": []}]}), ModelBroken),
        (plain({"data": [{"index": 0, "embedding": [1e39]}]}), ModelBroken),
        (plain(["no"]), ModelBroken),
    ],
)
async def test_an_answer_that_is_none_is_a_fault(reply, fault):
    """Nothing of it becomes a vector, and no word of the question is in the fault."""
    async with ModelServer(reply) as server:
        client = EmbeddingClient(Embeddings(server.url, "vectors"), "")
        with pytest.raises(fault) as raised:
            await client.embed(["доставка"], model="vectors", deadline_s=60)
        assert "доставка" not in str(raised.value)
        await client.close()


async def test_a_server_that_hangs_is_left_at_the_deadline():
    """The deadline is the caller's, not the server's."""
    async with EmbeddingServer(hangs=True) as server, nearness_of(server) as nearness:
        with pytest.raises(ModelTimeout):
            await nearness._embedder.embed(["доставка"], model="vectors", deadline_s=0.02)


async def test_what_has_not_changed_is_not_asked_for_again(tmp_path):
    """After a restart only the passage that was written anew goes to the server."""
    kept = VectorFile(tmp_path / "below" / "vectors.sqlite3")
    async with EmbeddingServer() as server:
        async with nearness_of(server, kept) as nearness:
            await nearness.fill()
            assert len(nearness) == 2
        server.texts.clear()
        async with nearness_of(server, kept, text=TEXT.replace("триста", "пятьсот")) as nearness:
            await nearness.fill()
            assert len(nearness) == 2
        assert [text for text in server.texts if "\n" in text] == [
            "Доставка\nДоставка стоит пятьсот рублей."
        ]
        server.texts.clear()
        other = nearness_of(server, kept, question_model="vectors-of-questions")
        async with other as nearness:
            await nearness.fill()
        assert not [text for text in server.texts if "\n" in text]
        assert server.models[-1] == "vectors-of-questions"


async def test_a_file_that_cannot_be_read_costs_only_the_asking(tmp_path):
    """Vectors are asked for again and used; nothing stops."""
    broken = tmp_path / "vectors.sqlite3"
    broken.write_bytes(b"no database at all" * 100)
    async with EmbeddingServer() as server, nearness_of(server, VectorFile(broken)) as nearness:
        await nearness.fill()
        assert len(nearness) == 2


def test_both_searches_are_joined_by_reciprocal_rank():
    """What both find comes first; what one of them finds first is not lost."""
    a, b, c, d = (Passage(name, "", "x.md", 0.5) for name in "abcd")
    assert joined([a, b], [c, b]) == [b, a, c]
    assert joined([a, b, c], []) == [a, b, c]
    assert joined([a], [d])[:2] == [a, d]


async def test_a_question_without_a_common_word_finds_its_passage(folder):
    """By the vector alone, in a real call; the passage stands where those of the words stand."""
    model = TalkingModel()
    async with EmbeddingServer(key="sesame-1") as server:
        profile(folder, server.url, wait_ms=500)
        async with served(folder, model) as halo, client_of(halo) as client:
            await server.asked("Здравствуйте")  # every passage has its vector
            await ask(client, 1, MEANT)
    assert not passages().search(MEANT)
    assert "Доставка стоит триста рублей" in model.asked[0][0].content


@pytest.mark.parametrize("how", ["hangs", "refuses", "away"])
async def test_a_server_that_fails_leaves_the_words(folder, how):
    """Slow, broken or gone, in mid-call: the passages of the words are told, each turn is
    answered, and who was late once is not waited for again."""
    model = TalkingModel()
    async with EmbeddingServer(key="sesame-1") as server:
        profile(folder, server.url, wait_ms=20)
        async with served(folder, model) as halo, client_of(halo) as client:
            await server.asked("Здравствуйте")
            server.hangs, server.status = how == "hangs", 503 if how == "refuses" else 200
            if how == "away":
                await server._server.__aexit__()
            for turn, words in enumerate(("доставка есть", "доставка", "что про доставку"), 1):
                assert "Ответ" in await ask(client, turn, words)
    for asked in model.asked:
        assert "Доставка стоит триста рублей" in asked[0].content


async def test_who_was_late_is_not_waited_for_until_it_is_quick_again():
    """One late answer ends the waiting; one in time begins it again."""
    async with EmbeddingServer() as server, nearness_of(server, wait_ms=20) as nearness:
        await nearness.fill()
        server.hangs = True
        asking = asyncio.create_task(nearness.ready("первый"))
        await server.asked("первый")
        await asking
        assert not nearness._quick
        await nearness.ready("второй")  # it returns at once: nothing of it has been sent yet
        assert "второй" not in server.texts
        server.hangs = False
        nearness.spec = replace(nearness.spec, wait_ms=60_000)
        await nearness.begin("сколько стоит")
        assert nearness._quick
        await nearness.ready("когда закрываетесь")
        assert [each.title for each in nearness.near("когда закрываетесь", 3)] == ["Часы работы"]


async def test_a_passage_that_is_too_far_is_not_told():
    """A question about nothing of it brings nothing, though some vector is always nearest."""
    async with EmbeddingServer() as server, nearness_of(server, wait_ms=60_000) as nearness:
        await nearness.fill()
        found = Briefing(passages(), nearness=nearness)
        asked = [Message("system", "Вы ассистент."), Message("user", "кто написал Онегина")]
        await found.ready(asked)
        assert found(asked) is asked
        assert nearness.nearest(await nearness.begin("кто написал Онегина"), 1, least=-1.0)


async def test_words_that_stand_still_are_asked_before_the_turn(folder):
    """The vector is asked for on what the recogniser has so far: the turn finds it there."""
    model = TalkingModel()
    async with EmbeddingServer(key="sesame-1") as server:
        profile(folder, server.url)
        async with served(folder, model) as halo, client_of(halo) as client:
            await server.asked("Здравствуйте")
            await ask(client, 1, "добрый день")
            call = next(iter(halo.switchboard._live.values()))
            call.foresee(2, MEANT, quiet=False)
            await server.asked(f"добрый день {MEANT}")  # it leans on what was said before
            assert call.dialogue.newest == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"key": "absent"}, "embeddings.key: HALO_TOOL_SECRETS has no secret absent"),
        ({"url": "http://vectors.example.com/v1"}, "unencrypted"),
        ({"url": "https://user@example.com/v1"}, "embeddings.url: must be https"),
        ({"url": "https://example.com:x/v1"}, "embeddings.url: must be https"),
        ({"wait_ms": 5000}, "wait_ms: is 5000; must be at most 500"),
        ({"modell": "x"}, "there is no such key"),
    ],
)
def test_a_faulty_table_is_told_before_anything_starts(folder, table, words):
    """With the key that is wrong and what to do."""
    profile(folder, **{"url": "https://vectors.example.com/v1", **table})
    with pytest.raises(ConfigurationError) as raised:
        configure(settings(assistants=folder, tool_secrets={"embed": "sesame-1"}))
    assert words in "\n".join(raised.value.faults)


async def test_the_check_tells_which_search_found_what(folder, monkeypatch):
    """By words, by meaning, by both; and how many of a file's questions each finds."""
    monkeypatch.chdir(ROOT)
    for name, value in (
        ("ASSISTANTS", str(folder)),
        ("TOOL_SECRETS", "embed:sesame-1"),
        ("EMBEDDINGS_FILE", str(folder / "vectors.sqlite3")),
    ):
        monkeypatch.setenv(f"HALO_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")
    (folder / "texts" / "q.toml").write_text(f'asked = [["{MEANT}", "Доставка"]]', "utf-8")

    async def run(*arguments: str) -> str:
        command = ["knowledge", "check", *arguments]
        result = await asyncio.to_thread(CliRunner().invoke, app, command)
        return result.output

    async with EmbeddingServer(key="sesame-1") as server:
        profile(folder, server.url)
        both = await run("а доставка есть")
        meant = await run(MEANT)
        counted = await run("--questions", str(folder / "texts" / "q.toml"))
    away = await run(MEANT)
    (folder / "vectors.sqlite3").unlink()
    never = await run("а доставка есть")

    assert "Доставка (by words and meaning)" in both
    assert "Nothing is found" in meant
    assert "Доставка (by meaning)" in meant
    assert "too far: told to nobody" in meant
    assert "1 question: the passage is told to a model for 1 (100%)" in counted
    assert "by words alone for 0, by meaning alone for 1" in counted
    assert "Nothing: the server gave no vector" in away
    assert "Доставка (shop.md; told to a model)" in never
    assert "gives no vectors now (model_unreachable)" in never


@pytest.mark.parametrize(
    ("wait_ms", "how", "words"),
    [
        (500, "", " embeddings: shop: a vector in "),
        (0, "", "wait_ms"),
        (500, "refuses", "texts are found by words alone"),
    ],
)
async def test_the_doctor_asks_for_a_vector(folder, monkeypatch, wait_ms, how, words):
    """As a call would: who is too slow for it, or refuses, is named with what to do."""
    monkeypatch.chdir(ROOT)
    async with EmbeddingServer(key="sesame-1") as server, ModelServer() as model:
        server.status = 503 if how else 200
        profile(folder, server.url, wait_ms=wait_ms)
        for name, value in (
            ("ASSISTANTS", str(folder)),
            ("TOOL_SECRETS", "embed:sesame-1"),
            ("STORE_URL", f"sqlite:///{folder}/halo.sqlite3"),
            ("MODEL_URL", model.url),
            ("MODEL_NAME", "standin"),
        ):
            monkeypatch.setenv(f"HALO_{name}", value)
        result = await asyncio.to_thread(CliRunner().invoke, app, ["doctor"])
    assert words in result.output
    assert "sesame" not in result.output
