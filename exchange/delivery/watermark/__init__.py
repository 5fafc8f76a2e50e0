"""Marks that tell copies apart, and the tracing of a leaked file to the copy it came from. Pure; knows no orders."""
