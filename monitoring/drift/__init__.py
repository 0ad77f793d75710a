"""What moved in a feed of classified tweets: windows, their comparison with a reference, causes, reports."""
