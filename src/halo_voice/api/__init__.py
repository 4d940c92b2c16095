"""HTTP: shapes, signatures, limits. Decides nothing about a conversation."""
