"""`tickertape verify`: what became of each input."""
