"""Tests of hubcheck.evidence.looks.change."""
