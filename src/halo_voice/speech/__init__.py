"""Speech after the call: recordings are fetched and transcribed. Imports core only."""
