"""Was the model made narrower or wider, and which units were kept?"""
