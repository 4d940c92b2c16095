"""Every operation of the HTTP API, as it is described, tried with what fits the description and
with what does not, over a real connection.

`HALO_TEST_EXAMPLES` is the number of examples an operation, else 50. To see the figures:

    HALO_TEST_EXAMPLES=200 .venv/bin/python -m pytest tests/fuzz/test_http_description.py -s
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.halo import ROOT, TalkingModel
from tests.streams import KEY, served, signed

EXAMPLES = os.environ.get("HALO_TEST_EXAMPLES", "50")
NOWHERE = "http://127.0.0.1:9"


def linked(page: dict[str, Any]) -> dict[str, Any]:
    """The description, with what may follow a call's start and its end: sequences are tried too."""
    paths = page["paths"]
    call = {"call_id": "$response.body#/call_id"}
    after = {
        path: {"operationId": paths[path]["post"]["operationId"], "requestBody": call}
        for path in ("/process_text", "/call/end", "/process_audio")
    }
    for path in ("/call/start", "/call/end"):
        paths[path]["post"]["responses"]["200"]["links"] = after
    return page


async def schemathesis(page: Path, url: str) -> tuple[int, str]:
    """Run it in a process of its own; its exit code and what it says."""
    program = Path(sys.executable).with_name("schemathesis")
    config = ROOT / "tests" / "fuzz" / "schemathesis.toml"
    arguments = [
        *("--config-file", config, "run", page, "--url", url, "--max-examples", EXAMPLES),
        *("--seed", "1", "--generation-database", "none", "--no-color", "--request-timeout", "20"),
        "--continue-on-failure",
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.signing", "PYTHONPATH": str(ROOT)}
    running = await asyncio.create_subprocess_exec(
        program,
        *map(str, arguments),
        env={**os.environ, **hooks},
        cwd=page.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, said.decode()


@pytest.mark.timeout(1800)
async def test_no_request_breaks_the_description(tmp_path):
    """F78: no 5xx, no undescribed reply, no hang, no answer without a signature, in any order."""
    model = TalkingModel()
    async with (
        served(model, keys={"k1": KEY}, transcription_url=NOWHERE) as halo,
        halo.http() as http,
    ):
        head = signed("before.1", path="/openapi.json")
        described = (await http.get("/openapi.json", headers=head)).json()
        page = tmp_path / "openapi.json"
        page.write_text(json.dumps(linked(described)))
        with structlog.testing.capture_logs() as lines:
            code, said = await schemathesis(page, f"http://127.0.0.1:{halo.port}")
        print(said)
        assert code == 0, said
        faults = [line for line in lines if line["log_level"] in ("error", "critical")]
        assert [line for line in faults if not line.get("alarm")] == []  # a refusal is told
        path = "/process_text?user_text=a"
        healthy = await http.get(path, headers=signed("after.1", path=path))
        assert healthy.json()["ai_text"] == "Ответ: a."
