"""Requests of the people whom data is about: from the public form to the answer."""
