"""What is asked: subject, bases, depth, policy, seed; built in one place."""
