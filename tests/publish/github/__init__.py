"""Tests of what is said on GitHub."""
