"""Data tests, metrics and drift. Knows no transport."""
