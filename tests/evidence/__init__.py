"""Tests of the evidence, most of them on models that were really trained."""
