"""Moments of respondents, computed where they are, a part at a time."""
