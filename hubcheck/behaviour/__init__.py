"""What do two models do when they are run: how alike do they answer, how alike do they see?"""
