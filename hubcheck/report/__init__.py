"""What a report says: its schema, its words and its reason codes."""
