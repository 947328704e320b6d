"""How did one of two related models come about: by what change, and from which of them?"""
