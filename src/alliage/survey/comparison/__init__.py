"""Differences, trends, ranks and correlations of estimates."""
