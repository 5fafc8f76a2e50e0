"""Bad input against a real exchange: what it answers, and that nothing changed."""
