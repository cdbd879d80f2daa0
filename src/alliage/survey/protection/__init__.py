"""Disclosure control: what is hidden in tables, and the proof by attack."""
