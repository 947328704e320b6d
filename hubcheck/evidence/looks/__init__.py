"""Everything that can be looked at between two models: one package a look."""
