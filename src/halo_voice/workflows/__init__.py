"""What follows a call, in a process of its own; no turn waits for any of it."""
