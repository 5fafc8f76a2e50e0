"""Qualification (know your business): an organisation proves what it is; an officer decides, for at most a year."""
