"""Many models at once: every one checked, what changed since the last time, one page."""
