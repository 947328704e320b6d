"""Tests of where a card goes."""
