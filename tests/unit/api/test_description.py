"""What the description of the API says of the routes, where it was once wrong."""

from __future__ import annotations

import pytest


async def page(client):
    return (await client.get("/openapi.json")).json()["paths"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/process_text", "GET, POST"), ("/call/start", "POST"), ("/healthz", "GET")],
)
async def test_a_wrong_method_is_told_which_ones_are_right(client, path, allowed):
    """F78: 405 lists every method of the path, and nothing is done."""
    reply = await client.request("PATCH", path)
    assert (reply.status_code, reply.headers["allow"]) == (405, allowed)


async def test_objects_are_promised_in_json_only(client):
    """A form and a query have no place for `start` and `notes`."""
    [described] = [(await page(client))["/process_text"]]
    form = described["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert {"start", "notes"}.isdisjoint(form["schema"]["properties"])
    assert {"start", "notes"}.isdisjoint(each["name"] for each in described["get"]["parameters"])


async def test_whatever_needs_a_signature_says_so(client):
    """F78: the description names no other way in, and tells what a refusal looks like."""
    for path, operations in (await page(client)).items():
        for operation in operations.values():
            if path not in ("/healthz", "/readyz", "/metrics"):
                assert operation["security"] == [{"signature": []}], path
            assert {"401", "408", "413", "500"} <= set(operation["responses"]), path
