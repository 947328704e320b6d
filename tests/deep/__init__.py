"""Tests of hubcheck.deep."""
