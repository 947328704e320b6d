"""Is a model a merge of several others?"""
