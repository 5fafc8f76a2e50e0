"""What may leave the country: distinct persons a year, over an exporter, its affiliates, listings and orders."""
