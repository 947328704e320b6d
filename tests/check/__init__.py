"""Tests of hubcheck.check.run."""
