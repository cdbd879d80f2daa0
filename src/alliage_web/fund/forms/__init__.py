"""Forms of the funds."""
