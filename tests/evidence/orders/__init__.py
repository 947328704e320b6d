"""Tests of hubcheck.evidence.orders."""
