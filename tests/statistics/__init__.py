"""Tests of the statistics: bounds are checked by enumeration where that is possible, else by seed."""
