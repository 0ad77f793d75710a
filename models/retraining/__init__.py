"""What people labelled: added to the tweets of the files, and the new model compared with the champion on it."""
