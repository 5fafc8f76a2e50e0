"""The story, a chapter each; every step says what it expects and ends the story when something else is answered."""
