"""How are weights written in every format that is read?"""
