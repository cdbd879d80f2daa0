"""The same work done by several programs, each in its own process."""
