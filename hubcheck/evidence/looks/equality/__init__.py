"""Which files and tensors are equal, byte for byte, whatever their architecture?"""
