"""Pure. Standard library only; imports nothing of ours, knows no clock and no socket."""
