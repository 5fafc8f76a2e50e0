"""Invoices and credit notes: gap-less numbers, frozen documents, corrections by mirror only."""
