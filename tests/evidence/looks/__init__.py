"""Tests of hubcheck.evidence.looks."""
