"""Who may ask, and how much: keys, roles, rates, and the headers that browsers obey."""
