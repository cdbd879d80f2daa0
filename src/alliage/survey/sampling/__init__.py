"""How respondents were drawn and calibrated: designs, replicates, weights."""
