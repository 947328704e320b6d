"""Tests of what models do when they are run."""
