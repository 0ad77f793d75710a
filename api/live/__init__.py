"""The live feed: what goes through the topics now, once a second, for all who listen."""
