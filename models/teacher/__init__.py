"""A slow, better classifier of the same tweets: a small transformer, fine-tuned, that the fast one learns from."""
