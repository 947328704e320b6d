"""How well does the catalogue name where a model comes from, and what does it cost?"""
