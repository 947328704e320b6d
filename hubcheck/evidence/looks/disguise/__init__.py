"""Is the subject a copy whose every symmetry was randomised?"""
