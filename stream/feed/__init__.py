"""Where tweets come from: files, and a seeded generator of our own writing."""
