"""Tests of hubcheck.report."""
