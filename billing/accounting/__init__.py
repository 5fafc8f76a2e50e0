"""What accountants ask for: statements, journals, the state of the money, closed months."""
