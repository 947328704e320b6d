"""What does a check say of honest models and of attacks that nobody had told it of?"""
