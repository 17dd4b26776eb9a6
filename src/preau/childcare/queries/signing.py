"""Where the signatures of a contract's documents stand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet

from preau.childcare.models import Contract, Signature, Signing, Terms
from preau.families.queries import both_must_sign


@dataclass(slots=True)
class Paper:
    """One document of a contract. `wanted`: how many must sign (two where both parents must)."""

    terms: Terms
    signing: Signing | None
    wanted: int = 1
    signatures: list[Signature] = field(default_factory=list)

    @property
    def is_signed(self) -> bool:
        return len({one.name for one in self.signatures}) >= self.wanted

    @property
    def state(self) -> str:
        """unsent, sent, half or signed."""
        if self.signing is None:
            return "unsent"
        if self.is_signed:
            return "signed"
        return "half" if self.signatures else "sent"

    @property
    def last(self) -> Signature | None:
        return self.signatures[-1] if self.signatures else None


def papers_of(contract: Contract, day: date) -> list[Paper]:
    """The contract and its amendments, oldest first, with their signatures; four queries."""
    return papers_of_contracts([contract], day).get(contract.pk, [])


def papers_of_contracts(contracts: Iterable[Contract], day: date) -> dict[int, list[Paper]]:
    """The same for many contracts, by contract; the queries do not grow with them."""
    known = {contract.pk: contract.child_id for contract in contracts}
    rows = (
        Terms.objects.filter(contract_id__in=list(known))
        .exclude(cause=Terms.Cause.TARIFF)
        .order_by("applies_from", "pk")
    )
    signings = {
        one.terms_id: one
        for one in Signing.objects.filter(terms__contract_id__in=list(known))
        .select_related("document__file")
        .prefetch_related(
            Prefetch(
                "signatures",
                Signature.objects.select_related("document__file", "file").order_by(
                    "recorded_at", "pk"
                ),
            )
        )
    }
    both = both_must_sign(set(known.values()), day)
    found: dict[int, list[Paper]] = {}
    for terms in rows:
        signing = signings.get(terms.pk)
        found.setdefault(terms.contract_id, []).append(
            Paper(
                terms,
                signing,
                2 if known[terms.contract_id] in both else 1,
                list(signing.signatures.all()) if signing else [],
            )
        )
    return found


def to_sign_by(family_id: int) -> list[Signing]:
    """What waits for a household's first signature, on contracts that are not over; one query."""
    return list(
        Signing.objects.filter(terms__contract__family_id=family_id, signatures__isnull=True)
        .select_related("terms__contract__child", "terms__contract__establishment")
        .order_by("sent_at")
    )


def unsigned_contracts() -> QuerySet[Any]:
    """Ids of the contracts of which a document has no signature at all."""
    return (
        Terms.objects.exclude(cause=Terms.Cause.TARIFF)
        .filter(signing__signatures__isnull=True)
        .values("contract_id")
    )
