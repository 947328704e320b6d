"""Which bases to test, and what a model's documents say: declared, leaked, disclosed."""
