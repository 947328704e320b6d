"""Audits of many models of a local Hub: requests, bytes, seconds, killed and resumed."""
