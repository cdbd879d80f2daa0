"""Files and tables of respondents: what their columns are, and their answers as codes."""
