"""Where the console begins: with the first page that one may see."""

from __future__ import annotations

import re

import httpx
import pytest

from halo_voice.console.sign_in import hashed
from halo_voice.core.desk import User
from tests.halo import backend

PASSWORD = "a long password"
HERE = "http://localhost"


@pytest.mark.parametrize(
    ("role", "first"),
    [("viewer", "/console/live"), ("editor", "/console/phone"), ("admin", "/console/phone")],
)
async def test_everybody_begins_on_a_page_that_they_may_see(role, first):
    """After signing in and from the root alike; the phone is not for viewers."""
    async with backend() as halo:
        await halo.store.desk.keep_user(User("anna", role, hashed(PASSWORD)))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(halo.front),
            base_url=HERE,
            headers={"origin": HERE, "accept": "text/html"},
            follow_redirects=True,
        )
        form = await client.get("/")
        assert form.url.path == "/console/login"
        assert "halo user add" not in form.text
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        sent = hidden | {"name": "anna", "password": PASSWORD}
        page = await client.post("/console/login", data=sent)
        assert (page.status_code, page.url.path) == (200, first)
        for path in ("/", "/console", "/console/"):
            page = await client.get(path)
            assert (page.status_code, page.url.path) == (200, first)


@pytest.mark.parametrize(
    ("language", "hint"), [("ru", "Создайте первого"), ("en", "Make the first")]
)
async def test_a_door_that_nobody_can_pass_says_how_to_make_a_user(language, hint):
    """With a key set, or from outside, the form stands there before anybody has a password."""
    async with backend(keys={"k1": "k" * 32}) as halo:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(halo.front), base_url=HERE, follow_redirects=True
        )
        client.cookies.set("halo_lang", language)
        form = await client.get("/", headers={"accept": "text/html"})
        assert hint in form.text
        assert "halo user add NAME --role admin" in form.text
