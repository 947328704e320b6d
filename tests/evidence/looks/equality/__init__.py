"""Tests of hubcheck.evidence.looks.equality."""
