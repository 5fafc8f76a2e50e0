"""Claims: a supplier says that an imported reference is its own, an officer decides, a draft comes to be."""
