"""A survey said in a specification file: read, checked against the data, computed."""
