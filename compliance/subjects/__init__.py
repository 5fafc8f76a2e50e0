"""Personal values, each under a key of the person it is about: destroying that key forgets them all at once."""
