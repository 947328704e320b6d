"""Does a model of other sizes hold the base's orders, by tests that survive a change of shape?"""
