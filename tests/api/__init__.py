"""Tests of hubcheck as functions."""
