"""Tests of the arithmetic on devices and over processes."""
