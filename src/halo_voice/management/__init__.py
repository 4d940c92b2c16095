"""Asks the platform's Management API for a HALO that serves: messages, history, recordings.

The client is `deploy`'s; what is asked, and what its faults mean to a call, is here.
"""
