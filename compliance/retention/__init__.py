"""What must be kept, for how long, and legal holds: both win over erasure."""
