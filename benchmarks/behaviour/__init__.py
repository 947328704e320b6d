"""What do numbers of behaviour mean: of pairs that are known, small ones trained here, and real ones?"""
