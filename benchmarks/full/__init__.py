"""How fast are two whole models compared, value by value?"""
