"""What a rulebook is made of: frozen plain values, no behaviour but matching."""
