"""`python -m preau` is `preau`."""

from preau.cli import main

main()
