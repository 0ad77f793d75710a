"""Tests of data, without Great Expectations: files, limits, outcomes, and the gate before training."""
