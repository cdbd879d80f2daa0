"""What is reported of what was promised: obligations, promises, indicators, reminders."""
