"""How often does a check say of models that were trained apart that one comes from the other?"""
