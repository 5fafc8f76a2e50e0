"""Suppliers get their money: to their account with the processor, or to their bank."""
