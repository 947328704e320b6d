"""Which expert is which, and which was made from a dense MLP?"""
