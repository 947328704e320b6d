"""Tests of the anatomy: names and shapes to roles."""
