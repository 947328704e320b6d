"""Tests of hubcheck.check."""
