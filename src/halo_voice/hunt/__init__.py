"""The hunt: drawn callers and faults against scenario and backend; starts no server, opens no port.

A seed is one call. `play.one_call` plays it and judges it, `play.first_violation` looks for a seed
that breaks something, `shrink.shrink` leaves out of a failure every fault that it does not need.
Nothing is loaded here: the command `halo` knows this part, and the server does without the
simulator's memory.
"""
