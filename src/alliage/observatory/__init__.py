"""The observatory: studies and waves, what was published, and what a new wave may publish."""
