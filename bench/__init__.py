"""Figures, measured beside each other in one run; for people, never a gate. `make bench` runs them."""
