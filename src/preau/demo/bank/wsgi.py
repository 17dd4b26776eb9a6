"""The simulated bank as granian serves it; settings come from the environment (see `main`)."""

import os
from pathlib import Path

from preau.demo.bank.app import Bank
from preau.demo.bank.book import Book
from preau.demo.bank.merchants import load_merchants

_state = os.environ.get("PREAU_BANK_STATE", "")
application = Bank(load_merchants(), Book(Path(_state) if _state else None))
