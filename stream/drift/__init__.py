"""The drift process: follows classified tweets, compares window after window, and tells what became of each."""
