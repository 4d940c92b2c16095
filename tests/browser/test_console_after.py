"""What was made of a call, in a real browser: review, tools, deliveries, what the texts lack."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.review import Delivery, Review
from halo_voice.core.tools import ToolStart, ToolState
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.memory import utc_now
from halo_voice.store.shelf import Folder
from tests.serving import Server
from tests.sounds import stereo

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
UNKNOWN = "К сожалению, точного ответа у меня нет."
TALKS = {
    "c-order": ("где мой заказ тысяча пять", "Заказ в пути, привезём завтра."),
    "c-gap-1": ("можно ли сдать старый аккумулятор", "Этого я точно не знаю."),
    "c-gap-2": ("принимаете ли вы старые аккумуляторы", "Этого я точно не знаю."),
}


async def plant(url: str, records: Path) -> None:
    """Three calls; one with a tool, a review and two deliveries, all of it hostile."""
    store = await open_store(url)
    for call_id, (said, reply) in TALKS.items():
        await store.open_call(CallStart(call_id, "+79161234567", "+74950000000", profile="halo"))
        await store.accept_turn(call_id, 1, said, 0.9)
        await store.settle_turn(
            call_id, 1, outcome=Outcome.ANSWERED, reply=reply, action="listen", source="model"
        )
        await store.end_call(CallEnd(call_id, "caller_hung_up", 9_000, 1))
    start = ToolStart(
        call_id="c-order", turn=1, key="k", tool="order_status", arguments='{"number":"1005"}',
        effect=False,
    )  # fmt: skip
    await store.begin_tool(start)
    await store.move_tool("c-order", 1, "k", ToolState.DONE, f'{{"state":"в пути {HOSTILE}"}}')
    await store.close()
    archive = open_archive(url)
    now = utc_now()
    marks = {"turns": 1, "answered": 1, "rude": True, "promised": [f"перезвонить {HOSTILE}"]}
    fields = {"order": "1005", "phone": "+79161112233", "urgent": True}
    summary = f"Спросили о заказе. {HOSTILE}"
    review = Review(
        "c-order", now, summary, "answered", ("заказ", "доставка"), fields, marks, "test-model"
    )
    archive.keep_review(review)
    archive.keep_review(Review("c-gap-1", now, "Спросили об аккумуляторах.", "unanswered"))
    for delivery_id, fault in (("call.ended.c-order", "HTTP 400"), ("call.ended.other", "")):
        archive.keep_delivery(Delivery(delivery_id, "c-order", "call.ended", now))
        archive.note_attempt(delivery_id, state="waiting", status=503, fault="HTTP 503")
        state = "dead" if fault else "delivered"
        archive.note_attempt(delivery_id, state=state, status=400 if fault else 200, fault=fault)
    archive.shelf.want("c-order", "https://records.example.com/a")
    archive.shelf.keep("c-order", stereo(), "audio/wav", Folder(records))
    said = {"turns": [[1, "где мой заказ", f"Заказ в пути {HOSTILE}"]]}
    archive.shelf.say("c-order", said, "Абонент: где мой заказ")
    archive.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("halo")
    with ThreadPoolExecutor(1) as thread:  # on this one Playwright has its own loop
        thread.submit(
            lambda: asyncio.run(plant(f"sqlite:///{folder}/halo.sqlite3", folder / "r"))
        ).result()
    server = Server(folder, HALO_RECORDINGS=str(folder / "r")).start()
    yield server
    server.stop()


def test_a_call_s_page_shows_what_was_made_of_it(page: Page):
    """F79: summary, outcome, topics, fields, marks, tools: as text; numbers are masked."""
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("/console/calls/c-order")
    review = page.locator("#review")
    expect(review).to_contain_text(f"Спросили о заказе. {HOSTILE}")
    expect(review).to_contain_text("на всё отвечено")
    expect(review).to_contain_text("доставка")
    expect(review).to_contain_text("+7 916 •••-••-33")
    expect(review).to_contain_text("грубость")
    expect(review).to_contain_text("test-model")
    page.click("#tools summary")
    expect(page.locator("#tools pre").first).to_contain_text('"number": "1005"')
    expect(page.locator("#tools pre").last).to_contain_text(HOSTILE)
    expect(page.locator("main img, main script")).to_have_count(0)


def test_a_dead_delivery_is_sent_again(page: Page, server: Server):
    """Each attempt is shown; the button gives it back to the worker, and who pressed it is kept."""
    page.goto("/console/calls/c-order")
    sent = page.locator(".sent", has_text="не доставлено")
    expect(sent.locator("tr")).to_have_count(2)
    expect(sent).to_contain_text("HTTP 503")
    expect(page.locator(".sent", has_text="доставлено").locator("form")).to_have_count(1)
    sent.locator("button").click()
    expect(page.locator("#sent")).to_contain_text("отправляется заново")
    archive = open_archive(f"sqlite:///{server.folder}/halo.sqlite3")
    assert archive.delivery("call.ended.c-order").state == "again"
    archive.close()
    page.goto("/console/acts")
    expect(page.locator("table.list")).to_contain_text("отправил доставку заново")


def test_the_recording_is_played_in_ranges_and_who_listened_is_kept(page: Page):
    """The player asks for pieces; another call has none; the words stand beside the turns."""
    page.goto("/console/calls/c-order")
    length = page.evaluate(
        """() => new Promise(done => {
            const audio = document.querySelector("audio");
            audio.onloadedmetadata = () => done(audio.duration);
            audio.onerror = () => done(-1);
            audio.preload = "metadata";
            audio.load();
        })"""
    )
    assert length == pytest.approx(0.2, abs=0.05)
    page.click("#recording summary")
    expect(page.locator("#recording table")).to_contain_text(f"Заказ в пути {HOSTILE}")
    path = "/console/calls/c-order/recording"
    reply = page.request.get(path, headers={"range": "bytes=4-9"})
    assert (reply.status, reply.body()) == (206, stereo()[4:10])
    assert reply.headers["content-type"] == "audio/wav"
    assert page.request.get("/console/calls/c-gap-1/recording").status == 404
    page.goto("/console/acts")
    expect(page.get_by_text("слушал запись")).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/console/calls/c-gap-1/resend", {"delivery": "call.ended.c-order"}),
        ("/console/calls/c-order/resend", {"delivery": "call.ended.none"}),
    ],
)
def test_only_a_delivery_of_this_call_is_sent(page: Page, path: str, form: dict[str, str]):
    """F81: another call's delivery, or none, is not found; without the token nothing is done."""
    page.goto("/console/calls/c-order")
    token = page.locator("input[name=token]").first.get_attribute("value")
    origin = re.match("http://[^/]+", page.url).group()
    headers = {"origin": origin, "sec-fetch-site": "same-origin"}
    reply = page.request.post(path, form=form | {"token": token}, headers=headers)
    assert reply.status == 404
    assert page.request.post(path, form=form, headers=headers).status == 403


def test_the_list_and_the_figures_tell_how_calls_ended(page: Page):
    """The summary in the list; the share of reviewed calls that nobody had to help with."""
    page.goto("/console/calls")
    row = page.locator("table.list tbody tr", has_text="Спросили о заказе")
    expect(row).to_contain_text("на всё отвечено")
    page.goto("/console/figures?days=7")
    total = page.locator(".totals div", has_text="решено без оператора")
    expect(total).to_contain_text(re.compile(r"50\s%"))
    expect(total).to_contain_text("1 / 2")
    page.click("text=Чего не хватает")
    expect(page.locator("h1")).to_have_text("Чего не хватает")


def test_what_the_texts_lack_is_shown_by_subject(page: Page):
    """Two calls asked the same in other words: one subject, with a link to each."""
    page.goto("/console/gaps")
    expect(page.locator("table.gaps tbody tr")).to_have_count(1)
    expect(page.locator("table.gaps tbody tr .num, table.gaps tbody td.num")).to_have_text("2")
    page.click("text=принимаете ли вы старые аккумуляторы")
    expect(page.locator(".bubble.caller").first).to_contain_text("аккумуляторы")


@pytest.mark.parametrize("path", ["/console/calls/c-order", "/console/gaps", "/console/figures"])
def test_it_fits_a_telephone_s_screen(page: Page, path: str):
    """What is wide scrolls by itself, the page does not."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
