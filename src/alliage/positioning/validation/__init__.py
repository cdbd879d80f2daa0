"""What has to be shown before the questionnaire may claim to measure anything."""
