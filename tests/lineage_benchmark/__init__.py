"""Tests of the benchmark against the rivals; no rival is needed."""
