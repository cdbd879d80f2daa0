"""Small areas: models that lend strength, and when they may not."""
