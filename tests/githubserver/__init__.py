"""A GitHub on this machine, held against GitHub's own descriptions."""
