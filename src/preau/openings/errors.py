"""What openings refuse, in words."""

from preau.kernel.errors import Refusal


class WindowRefused(Refusal):
    message = "Cette ouverture des réservations n’est pas possible."
    code = "window_refused"
