"""A witness: somebody outside of the exchange who sees to it that its log only grows, and signs what they saw."""
