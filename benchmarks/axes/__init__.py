"""Which axes of published classes are free, proven by relabelling them in the running model?"""
