"""The checker: what is missing, contradictory, unclear or unlawful in a rulebook."""
