"""Who may see and write what people said of themselves."""
