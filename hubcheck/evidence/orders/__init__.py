"""The exact tests: one file for each kind of order."""
