"""The ASGI network: one application in this process, seen as the scenario sees it."""

from __future__ import annotations

import pytest

from halo_voice.simulator import AsgiNetwork, HttpRequest, NetworkError


async def app(scope, receive, send):
    """Echoes what it was sent."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {k.decode(): v.decode() for k, v in scope["headers"]}
    text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {headers} {body.decode()}"
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1")]})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


async def test_an_application_is_called_in_process():
    """Method, path, query, headers and body arrive; status, headers and body come back."""
    network = AsgiNetwork(app, "halo.test")
    request = HttpRequest("https://halo.test/a%20b?x=1", "POST", (("X-One", "1"),), "тело".encode())
    response = await network.request(request)
    assert (response.status, response.headers) == (201, (("x-a", "1"),))
    assert response.body.decode() == (
        "POST /a b?x=1 {'host': 'halo.test', 'x-one': '1', 'content-length': '8'} тело!"
    )


async def test_an_application_that_fails():
    """Its exception is the test's, or, by choice, a 500 for the scenario."""

    async def broken(scope, receive, send):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        await AsgiNetwork(broken, "halo.test").request(HttpRequest("https://halo.test/"))
    network = AsgiNetwork(broken, "halo.test", raises=False)
    assert (await network.request(HttpRequest("https://halo.test/"))).status == 500


async def test_other_hosts_do_not_exist():
    """Everything but the application's host is -3."""
    with pytest.raises(NetworkError) as error:
        await AsgiNetwork(app, "halo.test").request(HttpRequest("https://elsewhere.test/"))
    assert error.value.code == -3
