"""Tests of signatures, and of what strangers sign."""
