"""Interfaces: what a supplier's API offers, how an answer's outcome reads, and the trial calls that proved it."""
