"""Tests of what the bytes mean."""
