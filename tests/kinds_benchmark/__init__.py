"""Does the benchmark of kinds ask the right questions and judge the answers right?"""
