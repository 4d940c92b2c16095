"""`halo serve` in a process of its own, for tests that stop it, kill it and start it again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.halo import ROOT

HALO = Path(sys.executable).with_name("halo")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Server:
    """`halo serve` in a process of its own, on a port that the system chooses."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder = folder
        self.options = options
        self.environment = clean_environment(folder, **variables)
        self.said = ""
        self.url = ""

    def start(self) -> Server:
        self.process = subprocess.Popen(
            [HALO, "serve", "--port", "0", *self.options],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for line in self.process.stdout:
            self.said += line
            if "serves at" in line:
                self.url = ADDRESS.search(line).group()
            if "stop:" in line:
                break
        return self

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(timeout=15)


def clean_environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HALO_")}
    return {
        **kept,
        "HALO_STORE_URL": f"sqlite:///{folder}/halo.sqlite3",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "200",
        **variables,
    }
