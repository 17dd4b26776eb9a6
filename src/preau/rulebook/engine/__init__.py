"""The engine: rules applied to facts. No database, no clock, no float."""
