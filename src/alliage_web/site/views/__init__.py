"""Pages that bring several topics together: one module a page."""
