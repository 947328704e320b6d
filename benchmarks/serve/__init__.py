"""What a receiver of the Hub's webhooks stands."""
