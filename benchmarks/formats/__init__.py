"""Which format changes what hubcheck says about the same weights?"""
