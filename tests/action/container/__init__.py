"""The image, built and run as a runner does; see ``end_to_end.py``."""
