"""Settle whether model weights come from where the card says: exact evidence from few bytes."""

__version__ = "0.1.0"
