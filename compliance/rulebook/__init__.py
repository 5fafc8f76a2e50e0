"""The rules as something that people change: proposed by one officer, seen cell by cell, activated by another."""
