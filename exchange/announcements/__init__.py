"""What operators tell everybody: in both languages, from a time until a time."""
