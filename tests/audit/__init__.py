"""Tests of audits: many models, and what changed."""
