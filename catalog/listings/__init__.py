"""Listings with their immutable revisions and offers: what is offered."""
