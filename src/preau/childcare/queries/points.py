"""The criteria that a file claims, as its scale words them."""

from collections.abc import Iterable

from preau.childcare.enums import PieceStatus
from preau.childcare.models import Piece, Preregistration
from preau.childcare.rules.points import Claim


def claims_of(row: Preregistration) -> list[Claim]:
    """Of a file whose pieces are prefetched with their criterion."""
    return claims_in(row.pieces.all())


def claims_in(pieces: Iterable[Piece]) -> list[Claim]:
    """Of its pieces, each with its criterion."""
    return [
        Claim(
            code=piece.criterion.code,
            label=piece.criterion.label,
            points=piece.criterion.points,
            quantity=piece.quantity,
            most=piece.criterion.most,
            proved=piece.status == PieceStatus.ACCEPTED,
            status=piece.get_status_display(),
        )
        for piece in pieces
        if piece.criterion is not None
    ]
