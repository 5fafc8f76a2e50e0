"""Oversight: what reviewers, officers and the calendar do to listings that are on sale or on their way there."""
