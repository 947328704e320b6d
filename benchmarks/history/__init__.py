"""Chains of checkpoints: trained from a fresh start, and from another model's weights."""
