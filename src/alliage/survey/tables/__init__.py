"""Banner tables: many questions by many breakdowns, with letters and tests."""
