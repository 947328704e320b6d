"""Tests of the action around hubcheck."""
