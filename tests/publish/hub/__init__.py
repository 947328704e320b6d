"""Tests of publishing to the Hub, with its own client over real sockets."""
