"""Tests of the comparison of whole models."""
