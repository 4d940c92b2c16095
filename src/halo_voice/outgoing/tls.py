"""Who is believed to be who: the certificate authorities of outgoing connections."""

from __future__ import annotations

import ssl

from halo_voice.core.errors import ConfigurationError


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Checks certificate and host name; `ca_file` (PEM) replaces the system's authorities.

    Raises `ConfigurationError` where the file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError([f"CA file {ca_file}: {error}"]) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
