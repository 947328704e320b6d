"""Tests of what the evidence is taken to mean."""
