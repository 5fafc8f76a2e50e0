"""Money that comes in: bank transfers, recorded by one person and confirmed by another."""
