"""No tests: which branches of the scenario tests and drawn calls take (`make coverage`)."""
