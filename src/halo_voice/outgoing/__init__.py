"""Connections to addresses that come from outside: where they may lead. Imports `core` only."""
