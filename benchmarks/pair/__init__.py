"""How fast is hubcheck beside its rivals, on one pair of a billion parameters?"""
