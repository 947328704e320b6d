"""What did the user ask? A module a command; ``main`` is the way in, for every caller."""

from hubcheck.cli.entry import main

__all__ = ["main"]
