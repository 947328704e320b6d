"""Tests of hubcheck.evidence.looks.whole."""
