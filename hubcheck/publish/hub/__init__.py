"""How does a report get to where a model is looked at on the Hub?"""
