"""Tests of hubcheck.request."""
