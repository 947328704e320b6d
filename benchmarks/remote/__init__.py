"""What does a check of a model of hundreds of gigabytes cost over a slow line?"""
