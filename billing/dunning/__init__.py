"""Invoices that are not paid: told of in steps, tried with a kept card, and at last nothing more is used on credit."""
