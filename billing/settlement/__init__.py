"""What suppliers are owed: on hold until acceptance, then theirs without the commission."""
