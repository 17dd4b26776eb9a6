"""The readable text file: YAML in, YAML out, every mistake with its line."""
