"""What does each kind of check cost, side by side in one run?"""
