"""Self-positioning: the door that fits, the step one is on, and what to do next."""
