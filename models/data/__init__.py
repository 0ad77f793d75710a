"""Labelled tweets: fetched, checked, read, deduplicated and split."""
