"""Language models behind the port of `core`. Imports `core` and nothing else of ours."""
