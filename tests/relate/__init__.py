"""Tests of what tells how one of two related models came about."""
