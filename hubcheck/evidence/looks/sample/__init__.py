"""What do the orders of the layers drawn show?"""
