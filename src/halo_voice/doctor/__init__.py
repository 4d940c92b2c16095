"""Looks at everything that a call on the real line needs, names what is broken and its cure.

It changes nothing but what a start of HALO would change too: the store is opened as for serving.
"""
