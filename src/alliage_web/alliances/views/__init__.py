"""Pages of alliances: the list, the forms, the import and the export."""
