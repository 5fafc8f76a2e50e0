"""Generators of small, real files: the same seed gives the same bytes. Standard library only."""
