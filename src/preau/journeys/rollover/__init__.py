"""The year: classes promoted, enrolments renewed, numbers forecast."""
