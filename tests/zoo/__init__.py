"""Is the zoo of trained models what it says?"""
