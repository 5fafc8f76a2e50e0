"""Months of usage: closed into one invoice for each order, and the signed statement of what it sums up."""
