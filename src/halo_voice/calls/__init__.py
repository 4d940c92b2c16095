"""Drives the dialogues of the live calls and keeps their deadlines. Knows ports, no adapter."""
