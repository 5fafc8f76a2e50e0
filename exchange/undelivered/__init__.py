"""Dead letters of the outbox: what a subscriber refused too often, for operators to look at."""
