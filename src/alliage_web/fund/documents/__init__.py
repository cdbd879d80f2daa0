"""Files of the funds."""
