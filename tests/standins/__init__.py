"""Stand-in servers for what lives outside: scripted to the byte, real connections on loopback."""
