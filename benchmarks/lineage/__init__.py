"""Who tells best whether one model comes from another: hubcheck or its rivals?"""
