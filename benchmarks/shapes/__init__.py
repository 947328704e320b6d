"""Are pruned children found, and strangers left alone, where all sizes of two models differ?"""
