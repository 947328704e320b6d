"""How does a push to a model on the Hub start a check by itself?"""
