"""Real servers that the tests start on free ports."""
