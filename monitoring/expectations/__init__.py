"""Tests of data with Great Expectations; nothing outside this package imports it."""
