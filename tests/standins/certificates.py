"""A certificate authority of our own for TLS on loopback, made with the `openssl` program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
# All that RFC 5280 asks for: Python 3.13 and later check it. The section's name chooses.
_EXTENSIONS = """
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Authority:
    """`ca_file` is what a client must trust; `server_tls` is what a server shows."""

    ca_file: Path
    server_tls: ssl.SSLContext


def make_authority(folder: Path) -> Authority:
    """An authority and a certificate for 127.0.0.1. Raises `FileNotFoundError` without openssl."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    own, own_key = folder / "server.pem", folder / "server.key"
    config = folder / "extensions.cnf"
    config.write_text(_EXTENSIONS)
    made = ("-config", config, "-extensions")
    _openssl(*made, "authority", "-subj", "/CN=Stand-in CA", "-keyout", ca_key, "-out", ca)
    _openssl(
        *(*made, "server", "-subj", "/CN=127.0.0.1", "-keyout", own_key, "-out", own),
        *("-CA", ca, "-CAkey", ca_key),
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
