"""Self-positioning on the platform: where one stands, where to go, and with whom."""
