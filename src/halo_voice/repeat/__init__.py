"""Calls that were kept, played again against the present version: what goes otherwise now?"""
