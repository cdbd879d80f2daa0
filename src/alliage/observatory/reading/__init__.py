"""What may be said of the figures of a release."""
