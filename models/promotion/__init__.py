"""Which registered version answers: the gate, the move of the alias, and the way back."""
