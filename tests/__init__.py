"""The tests: each package's folder mirrors it, beside journeys/ and architecture/."""
