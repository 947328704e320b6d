"""Holds the local Hub of the tests against a server that others wrote."""
