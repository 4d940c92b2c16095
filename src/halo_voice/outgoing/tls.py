"""Who is believed to be who: the certificate authorities of outgoing connections."""

from __future__ import annotations

import ssl
from functools import cache

from halo_voice.core.errors import ConfigurationError


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Checks certificate and host name; `ca_file` (PEM) replaces the system's authorities,
    which are read once in a process. Nobody may change the context: others use it too.

    Raises `ConfigurationError` where the file cannot be used.
    """
    if ca_file is None:
        return _of_the_system()
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError([f"CA file {ca_file}: {error}"]) from error
    return _modern(context)


@cache  # reading the system's authorities takes longer than all else of a client's start
def _of_the_system() -> ssl.SSLContext:
    return _modern(ssl.create_default_context())


def _modern(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
