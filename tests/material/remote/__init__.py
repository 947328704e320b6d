"""What does a repository of hundreds of gigabytes look like, made as it is asked for?"""
