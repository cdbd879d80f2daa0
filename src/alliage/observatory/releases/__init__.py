"""What a wave publishes: its values, its parts and its files."""
