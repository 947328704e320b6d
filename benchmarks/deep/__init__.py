"""How long does the depth ``deep`` take, and how much memory, on a pair of seven billion?"""
