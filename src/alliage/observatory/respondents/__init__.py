"""A file of respondents: its columns, what is wrong in it, and what is done about it."""
