"""How well searches are answered: see ``python -m bench.relevance --help``."""
