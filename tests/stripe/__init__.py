"""A fake Stripe over loopback HTTP, for the tests and the demonstration: what a data exchange calls, and no more.

``python -m tests.stripe --port 8465 --secret whsec_… --notify http://127.0.0.1:8460/…`` starts it. What it accepts is
held to the typed parameters of the ``stripe`` package, and what it answers to its typed classes. No money moves.
"""
