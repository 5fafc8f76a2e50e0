"""Listing review: a checklist worked through by a person who did not upload the listing."""
