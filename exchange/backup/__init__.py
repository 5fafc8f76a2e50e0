"""Copies of a whole exchange, made while it works, and an exchange made from one.

A copy never holds the signer's head: a database that is put back must not be able to unsay what was signed.
"""
