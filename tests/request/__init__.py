"""Tests of hubcheck.request.interface."""
