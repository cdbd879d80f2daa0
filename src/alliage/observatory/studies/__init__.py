"""Studies, their waves and questions, and the figures that documents state."""
