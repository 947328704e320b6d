"""Tests of hubcheck.evidence.looks.disguise."""
