"""What did the user ask? A module a command."""
