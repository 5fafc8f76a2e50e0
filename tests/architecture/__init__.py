"""What holds the house together, checked by machine."""
