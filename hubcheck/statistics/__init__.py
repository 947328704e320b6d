"""Hits, e-values, planted copies, assignment: pure functions of arrays, nothing of hubcheck."""
