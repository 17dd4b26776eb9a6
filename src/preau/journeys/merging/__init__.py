"""Two files made one, one file parted in two: previewed by doing it and rolling back, undone."""
