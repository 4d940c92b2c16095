"""No tests: which branches of the scenario drawn calls take (`make coverage`)."""
