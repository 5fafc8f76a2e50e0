"""The register of what compliance officers have stopped: orders, listings, organisations."""
