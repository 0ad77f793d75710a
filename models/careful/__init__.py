"""A second opinion where the fast model is least sure: the teacher in 8 bits, within a budget."""
