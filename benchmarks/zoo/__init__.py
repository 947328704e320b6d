"""Which models, really trained, is hubcheck measured on, and how are they made again?"""
