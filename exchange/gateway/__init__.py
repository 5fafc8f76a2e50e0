"""The data plane: calls of interfaces and bytes of files, decided from memory and metered before they leave."""
