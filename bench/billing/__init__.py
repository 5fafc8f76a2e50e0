"""What metering, billing and posting cost, beside peers that do the same with less around it."""
