"""Prices as people write them: «4500 руб.», «450 ₽»."""

from __future__ import annotations

import re

PRICED = re.compile(r"\d\s*(?:[₽р]|руб\w*)(?![а-яё])", re.IGNORECASE)
PRICED_LAST = re.compile(PRICED.pattern + r"[.;)]*$", re.IGNORECASE)
"""At the end of a line, as in a list."""
