"""Which tensor plays which role, in every family of models?"""
