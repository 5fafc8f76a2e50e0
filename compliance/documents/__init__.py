"""Documents: what proves a statement. Sealed on the disk, read by its owner and by the platform, never delivered."""
