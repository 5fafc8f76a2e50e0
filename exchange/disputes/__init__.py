"""Disputes: a buyer contests what was delivered or charged, both sides give evidence, an officer rules."""
