"""Measure weights on held-out tweets: figures with intervals, tables, pictures and comparisons."""
