"""Suppliers get their money: tests against the fake Stripe, through the real package."""
