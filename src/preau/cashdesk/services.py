"""What other rooms may ask of the cash desk, in one place."""

from preau.cashdesk.day import close_day, collect, open_day, void
from preau.cashdesk.deposits import hand_over, make_deposit, void_deposit
from preau.cashdesk.refunds import ask_refund, cancel_refund, read_lines, send_refunds

__all__ = [
    "ask_refund",
    "cancel_refund",
    "close_day",
    "collect",
    "hand_over",
    "make_deposit",
    "open_day",
    "read_lines",
    "send_refunds",
    "void",
    "void_deposit",
]
