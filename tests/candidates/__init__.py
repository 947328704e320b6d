"""Tests of what the documents of a model say."""
