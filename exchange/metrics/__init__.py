"""Figures of all processes in Prometheus' format: each writes its own to a file, whoever is asked reads them all."""
