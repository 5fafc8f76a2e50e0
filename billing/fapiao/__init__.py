"""Fapiao: asked for an invoice, issued in the tax authority's system, recorded here."""
