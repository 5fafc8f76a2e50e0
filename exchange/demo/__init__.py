"""The demonstration: an exchange filled with generated data, and one trade played through its public HTTP API.

Everything here is made up and is the same each time. Only ``bootstrap`` knows the services of the exchange; the
player and the data know the public API alone.
"""
