"""Attacks on the Action, the gate, serve, replay and publish, each run against the real thing."""
