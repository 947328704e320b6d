"""Every reader and renderer, and whole checks, against inputs that nobody would write."""
