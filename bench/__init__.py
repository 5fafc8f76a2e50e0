"""Figures, each beside a named peer, and campaigns that try to break what is promised."""
