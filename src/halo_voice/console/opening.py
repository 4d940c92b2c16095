"""Puts the console together: the one module that the app imports, and only when it is wanted."""

from __future__ import annotations

from halo_voice.console import (
    pages_after,
    pages_assistants,
    pages_calls,
    pages_campaigns,
    pages_now,
    pages_phone,
    pages_sign_in,
)
from halo_voice.console.look import Limits, Look
from halo_voice.console.server import Console

__all__ = ["Limits", "Look", "open_console"]


def open_console(look: Look) -> Console:
    """All pages, in the menu's order."""
    pages = [*pages_phone.ROUTES, *pages_now.ROUTES, *pages_calls.ROUTES, *pages_now.FIGURES]
    pages += [*pages_after.ROUTES, *pages_assistants.ROUTES, *pages_now.STATE]
    pages += [*pages_campaigns.ROUTES, *pages_sign_in.AUDIT, *pages_sign_in.ROUTES]
    return Console(look, pages)
