"""Tests of hubcheck.cli."""
