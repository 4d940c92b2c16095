"""Commands that call people: checked here, begun by the account, done by the scenario.

What is known of whom is called goes into the store; the platform is given a token. So a command
that is interrupted leaves nothing behind that could call anybody but by that token.
"""
