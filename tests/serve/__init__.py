"""Tests of the receiver of the Hub's webhooks."""
