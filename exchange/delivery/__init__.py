"""Delivery of files to whoever holds an entitlement, with receipts; and the order's evidence bundle."""
