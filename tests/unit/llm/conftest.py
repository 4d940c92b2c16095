"""No test of this folder does I/O, so none has to wait: time jumps to whatever is due next."""

from __future__ import annotations

import pytest
from scripted_model import JumpingLoop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict:
    return {"jumping": JumpingLoop}
