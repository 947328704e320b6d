"""Who signed what: envelopes, statements, keys and identities."""
