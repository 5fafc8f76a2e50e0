"""Contracts between a supplier and a buyer: templates as data, one document of fixed bytes, and who signed it."""
