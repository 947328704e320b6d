"""Tests of hubcheck.cli.main."""
