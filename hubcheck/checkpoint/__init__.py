"""What do the bytes of a model mean?"""
