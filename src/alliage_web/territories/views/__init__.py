"""Pages of the territories: one module a page, and the maps and charts they share."""
