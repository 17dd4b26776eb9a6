"""The money drill's town, its storm of messages and kills, and its judge; see bench/drill_money.py.

What must be true at the end is known from what was sent, never read from the books that are judged.
"""
