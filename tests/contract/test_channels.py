"""Each way out, over real connections to stand-ins: what arrives, what is refused."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from typing import Any

import pytest

from halo_voice.core.after import After, Outlet
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profile
from halo_voice.workflows.channels import channels_of
from halo_voice.workflows.mail import Mail
from tests.standins.services import (
    BITRIX_CODE,
    SECRETS,
    PostOffice,
    Services,
    post_office,
    serving,
)
from tests.told import MARKUP, TOLD

ID = "call.ended.c-1.office"


@pytest.fixture
def services():
    with serving() as found:
        yield found


def table(kind: str, url: str) -> dict[str, Any]:
    return {
        "telegram": {"token": "{telegram}", "chat": "-1001", "url": url},
        "amocrm": {"url": url, "token": "{amo}", "pipeline": 7, "field": 9},
        "bitrix24": {"url": f"{url}/rest/1/{{bitrix}}"},
    }[kind]


def channel(kind: str, given: dict[str, Any], *, private: str = "127.0.0.1", **more: Any) -> Any:
    profile = Profile(after=After(deliver={"office": Outlet(kind, table=given)}))
    hosts = [private] if private else []
    return channels_of([profile], secrets=SECRETS, private_hosts=hosts, **more)["halo"]["office"]


KINDS = ("telegram", "amocrm", "bitrix24")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_arrives_as_the_service_wants_it(services: Services, kind: str):
    """One effect; who called, how it ended and what was said are in it."""
    attempt = await channel(kind, table(kind, services.url)).send(ID, TOLD)

    assert (attempt.delivered, attempt.fault) == (True, "")
    (told,) = services.of(kind)
    text = repr(told)
    for wanted in ("+79161234567", "ждёт звонка", "Спросили о заказе", "1005", "перезвонить"):
        assert wanted in text, wanted
    assert "Завтра привезём." in text
    assert "Ждите" not in text  # what the caller did not hear was not said


@pytest.mark.parametrize("kind", ["amocrm", "bitrix24"])
async def test_an_answer_that_was_lost_makes_no_second_lead(services: Services, kind: str):
    """The lead is there, its answer never came: the next attempt finds it."""
    services.lose = True
    found = channel(kind, table(kind, services.url))
    lost = await found.send(ID, TOLD)
    assert (lost.delivered, lost.final) == (False, False)

    services.lose = False
    assert (await found.send(ID, TOLD)).delivered
    assert len(services.of(kind)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "final"), [(503, False), (429, False), (401, False), (302, False), (422, True)]
)
async def test_what_a_service_refuses(services: Services, kind: str, status: int, final: bool):
    """It is tried again, or given up, as with the webhook; a redirect leads nowhere."""
    services.status = lambda _: status
    attempt = await channel(kind, table(kind, services.url)).send(ID, TOLD)

    assert (attempt.delivered, attempt.status, attempt.final) == (False, status, final)
    assert services.effects == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_service_that_asks_for_a_rest_gets_it(services: Services, kind: str):
    """As the webhook's receiver: who is asked all the same counts that, and refuses for longer."""
    services.status = lambda _: 429
    attempt = await channel(kind, table(kind, services.url)).send(ID, TOLD)

    assert (attempt.status, attempt.rest_s) == (429, 35)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_is_in_no_fault(services: Services, kind: str):
    """Neither where nobody answers, nor where the secret is wrong."""
    wrong = dict.fromkeys(SECRETS, "s3cret")
    profile = Profile(
        after=After(deliver={"office": Outlet(kind, table=table(kind, services.url))})
    )
    made = channels_of([profile], secrets=wrong, private_hosts=["127.0.0.1"])["halo"]["office"]
    refused = await made.send(ID, TOLD)
    nobody = await channel(kind, table(kind, "http://127.0.0.1:9")).send(ID, TOLD)

    assert (refused.delivered, refused.status) == (False, 401)
    assert nobody.fault == "ClientConnectorError"
    assert "s3cret" not in repr(refused)


async def test_bitrix_takes_words_as_text(services: Services):
    """F79: a comment is HTML there; what was said is none."""
    await channel("bitrix24", table("bitrix24", services.url)).send(ID, TOLD)

    (lead,) = services.of("bitrix24")
    assert "<b>" not in lead["COMMENTS"]
    assert "&lt;b&gt;&amp;amp;" in lead["COMMENTS"]
    assert (lead["ORIGINATOR_ID"], lead["ORIGIN_ID"]) == ("halo", ID)


async def test_telegram_gets_plain_text_that_fits(services: Services):
    """No markup is asked for; a long talk is cut where the service would refuse it."""
    turns = [replace(TOLD.turns[0], turn=n, reply="😀" * 400, heard=None) for n in range(30)]
    attempt = await channel("telegram", table("telegram", services.url)).send(
        ID, replace(TOLD, turns=turns)
    )

    assert attempt.delivered
    (message,) = services.of("telegram")
    assert "parse_mode" not in message
    assert MARKUP in message["text"]
    assert message["text"].endswith("…")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_host_of_this_network_is_asked_only_if_it_is_listed(services: Services, kind: str):
    """F75: not listed it must be https; and by a name that leads home nothing is sent."""
    with pytest.raises(ConfigurationError, match="HALO_DELIVERY_PRIVATE_HOSTS") as caught:
        channel(kind, table(kind, services.url), private="")
    assert BITRIX_CODE not in repr(caught.value.faults)

    url = services.url.replace("http://127.0.0.1", "https://localhost")
    attempt = await channel(kind, table(kind, url), private="").send(ID, TOLD)

    assert attempt.fault == "NotPublic"
    assert services.requests == []


def test_a_secret_that_is_not_there_is_told_by_its_name():
    """Before anything is begun, with the profile and the delivery that want it."""
    profile = Profile(
        after=After(deliver={"chat": Outlet("telegram", table=table("telegram", ""))})
    )
    with pytest.raises(ConfigurationError) as caught:
        channels_of([profile], secrets={})
    assert caught.value.faults == (
        "halo: after.deliver.chat: HALO_DELIVERY_SECRETS has no telegram",
    )


# ------------------------------------------------------------------------------------- letters


def mail(office: PostOffice, tmp_path: Any, **more: Any) -> Any:
    authority = tmp_path / "ca.pem"
    office.authority.cert_pem.write_to_path(authority)
    given = {
        "server": office.server,
        "sender": "halo@example.ru",
        "recipients": ["office@example.ru", "boss@example.ru"],
        "user": "halo",
        "password": "{mail}",
    } | more
    return channel("email", given, private="localhost", ca_file=str(authority))


async def test_a_letter_arrives_over_tls(tmp_path):
    """Signed in, readable, one id for every attempt; words of a caller make no header."""
    with post_office() as office:
        found = mail(office, tmp_path)
        assert (await found.send(ID, TOLD)).delivered
        assert (await found.send(ID, TOLD)).delivered

    assert office.sign_ins[0] == (b"halo", b"pa:ss,")
    first, second = (
        email.message_from_bytes(each.content, policy=email.policy.default)
        for each in office.letters
    )
    assert office.letters[0].rcpt_tos == ["office@example.ru", "boss@example.ru"]
    assert first["Subject"] == "Звонок +79161234567: ждёт звонка"
    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@example.ru>"
    assert first["Bcc"] is None
    text = first.get_content()
    assert "— где мой заказ Bcc: evil@example.com" in text
    assert "01.03.2026 14:58, 1:23" in text


async def test_a_letter_arrives_where_tls_is_at_once(tmp_path, monkeypatch):
    """As on port 465; the certificate is checked there too."""
    for name, good in (("localhost", True), ("mail.example.ru", False)):
        with post_office(PostOffice(name), at_once=True) as office:
            port = int(office.server.rpartition(":")[2])
            monkeypatch.setattr("halo_voice.workflows.mail.TLS_AT_ONCE", port)
            attempt = await mail(office, tmp_path).send(ID, TOLD)

        assert attempt.delivered is good, attempt
        assert len(office.letters) == int(good)


async def test_nothing_is_sent_without_tls(tmp_path):
    """A server that offers none is not trusted with the password, nor with the letter."""
    with post_office(starttls=False) as office:
        attempt = await mail(office, tmp_path).send(ID, TOLD)

    assert (attempt.delivered, attempt.final) == (False, False)
    assert office.sign_ins == office.letters == []


async def test_a_server_with_another_name_is_not_believed(tmp_path):
    """The certificate is checked against the name in the profile."""
    with post_office(PostOffice("mail.example.ru")) as office:
        attempt = await mail(office, tmp_path).send(ID, TOLD)

    assert attempt.fault == "SSLCertVerificationError"
    assert office.letters == []


@pytest.mark.parametrize(
    ("refuse", "recipient", "status", "final"),
    [
        ("451 later", "", 451, False),
        ("550 spam", "", 550, True),
        ("", "450 greylisted", 450, False),
        ("", "550 unknown", 550, True),
    ],
)
async def test_what_a_mail_server_refuses(tmp_path, refuse, recipient, status, final):
    """4xx is tried again, 5xx is given up."""
    office = PostOffice()
    office.refuse, office.refuse_recipient = refuse, recipient
    with post_office(office) as office:
        attempt = await mail(office, tmp_path).send(ID, TOLD)

    assert (attempt.delivered, attempt.status, attempt.final) == (False, status, final)


@pytest.mark.parametrize("goodbye", ["250 bye", "500 what?", "421 busy"])
async def test_a_letter_that_was_taken_is_not_sent_again(tmp_path, goodbye):
    """Whatever the server answers to QUIT, it has the letter, or has refused it."""
    office = PostOffice()
    office.goodbye = goodbye
    with post_office(office) as office:
        found = mail(office, tmp_path)
        taken = await found.send(ID, TOLD)
        office.refuse_recipient = "550 unknown"
        refused = await found.send(ID, TOLD)

    assert (taken.delivered, len(office.letters)) == (True, 1)
    assert (refused.delivered, refused.status, refused.final) == (False, 550, True)


async def test_a_wrong_password_is_tried_again(tmp_path):
    """The company can put it right; the fault does not show it."""
    with post_office() as office:
        attempt = await mail(office, tmp_path, password="s3cret").send(ID, TOLD)

    assert (attempt.delivered, attempt.status, attempt.final) == (False, 535, False)
    assert "s3cret" not in repr(attempt)


@pytest.mark.parametrize("given", [{"user": "почта"}, {"password": "пароль"}])
def test_what_no_mail_server_can_be_told_is_refused_at_once(tmp_path, given):
    """Before anything waits to be sent; the fault does not show it."""
    with post_office() as office, pytest.raises(ConfigurationError) as caught:
        mail(office, tmp_path, **given)
    assert "must be ASCII" in caught.value.faults[0]
    assert not set(given.values()) & set(caught.value.faults[0].split())


@pytest.mark.parametrize(
    ("server", "sender", "fault", "final"),
    [
        ("mail..example.ru:25", "a@b.ru", "NoAddress", False),
        ("localhost:25", "a@b.ru\nBcc: c@d.ru", "ValueError", True),
    ],
)
async def test_a_letter_that_cannot_be_sent_is_a_fault_of_the_attempt(server, sender, fault, final):
    """Whatever stands in its profile, nothing is raised: the delivery would wait for ever."""
    made = Mail(server, sender, ["c@d.ru"], private_hosts=frozenset(("localhost",)))
    attempt = await made.send(ID, TOLD)

    assert (attempt.delivered, attempt.fault, attempt.final) == (False, fault, final)


async def test_a_secret_that_fits_in_no_header_ends_the_delivery(services: Services):
    """It is given up, with the kind of the fault."""
    given = table("amocrm", services.url) | {"token": "two\nlines"}
    attempt = await channel("amocrm", given).send(ID, TOLD)

    assert (attempt.delivered, attempt.final, attempt.fault) == (False, True, "ValueError")


def test_an_address_whose_host_cannot_be_is_refused():
    """The secret that stands in it is not shown."""
    with pytest.raises(ConfigurationError, match="names no host"):
        channel("bitrix24", {"url": "https://a..example.ru/rest/1/{bitrix}"})


async def test_a_mail_server_of_this_network_must_be_listed(tmp_path):
    """F75: the same guard as everywhere."""
    with post_office() as office:
        given = {"server": office.server, "sender": "a@b.ru", "recipients": ["c@d.ru"]}
        attempt = await channel("email", given, private="").send(ID, TOLD)

    assert attempt.fault == "NotPublic"
    assert office.letters == []
