"""Organisations, their members, and sessions: who is acting."""
