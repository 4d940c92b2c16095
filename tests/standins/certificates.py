"""A certificate authority of our own for TLS on loopback, made with the `openssl` program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


@dataclass(frozen=True)
class Authority:
    """`ca_file` is what a client must trust; `server_tls` is what a server shows."""

    ca_file: Path
    server_tls: ssl.SSLContext


def make_authority(folder: Path) -> Authority:
    """An authority and a certificate for 127.0.0.1. Raises `FileNotFoundError` without openssl."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    own, own_key = folder / "server.pem", folder / "server.key"
    _openssl("-subj", "/CN=Stand-in CA", "-keyout", ca_key, "-out", ca)
    _openssl(
        *("-CA", ca, "-CAkey", ca_key, "-subj", "/CN=127.0.0.1", "-keyout", own_key, "-out", own),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, own_key)
    return Authority(ca, context)


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", *_NEW_KEY, *map(str, arguments)],
        check=True,
        capture_output=True,
    )
