"""The usage ledger: every metered call once, what it adds up to, and what is held for it."""
