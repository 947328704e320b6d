"""Tests of hubcheck.evidence.looks.merge."""
