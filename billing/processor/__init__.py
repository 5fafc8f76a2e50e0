"""The payment processor beyond the house: what is asked of it, what it tells, and what its own books say."""
