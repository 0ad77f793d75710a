"""Training, scoring, online learning and the registry. Knows no transport."""
