"""The observatory on the platform: studies, waves, releases, explorer, profiles and debates."""
