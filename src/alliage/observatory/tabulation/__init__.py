"""From weighted respondents to a release, protected as a whole."""
