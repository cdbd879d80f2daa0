"""Estimates with design-based errors: requests, linearisation, intervals."""
