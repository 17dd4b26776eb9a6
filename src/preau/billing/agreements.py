"""Third parties and their agreements: who pays a share of what, for whom, until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.errors import BillingRefusal
from preau.billing.models import (
    Agreement,
    ThirdParty,
    ThirdPartyAccount,
    ThirdPartyInvoice,
)
from preau.kernel.actors import Actor
from preau.kernel.french import euros

EDITABLE = ("kind", "name", "service", "address", "siret", "email", "is_active")
Mode = Agreement.Mode


@transaction.atomic
def save_third_party(
    *, third_party_id: int | None = None, actor: Actor, now: datetime, **values: Any
) -> ThirdParty:
    """Name a third party, or change it: what is issued keeps the name that it had."""
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {sorted(unknown)}")
    if (
        ThirdParty.objects.exclude(pk=third_party_id)
        .filter(name__iexact=values.get("name", ""))
        .exists()
    ):
        raise BillingRefusal(_("Un tiers payeur porte déjà ce nom."))
    if third_party_id is None:
        third_party = ThirdParty(created_at=now)
    else:
        third_party = ThirdParty.objects.select_for_update().get(pk=third_party_id)
    for name, value in values.items():
        setattr(third_party, name, value)
    third_party.save()
    record(
        actor=actor,
        now=now,
        action="billing.save_third_party",
        summary=_("Tiers payeur « %(name)s » enregistré") % {"name": third_party.name},
        object_type="third_party",
        object_id=third_party.pk,
    )
    return third_party


@transaction.atomic
def make_agreement(
    *,
    third_party_id: int,
    family_id: int,
    child_id: int | None,
    activity_ids: Iterable[int],
    percent: int | None,
    unit_cents: int | None,
    month_cap_cents: int | None,
    reference: str,
    starts_on: date,
    ends_on: date,
    actor: Actor,
    now: datetime,
) -> Agreement:
    """Record what a third party pays; it counts on the invoices to come. Raises BillingRefusal."""
    if ends_on < starts_on:
        raise BillingRefusal(_("La prise en charge finit avant de commencer."))
    if (percent is None) == (unit_cents is None):
        raise BillingRefusal(_("Donnez un pourcentage, ou une somme par unité : l’un des deux."))
    if percent is not None and not 1 <= percent <= 100:
        raise BillingRefusal(_("La part va de 1 à 100 %."))
    if unit_cents is not None and unit_cents <= 0:
        raise BillingRefusal(_("La somme par unité doit être supérieure à zéro."))
    agreement = Agreement.objects.create(
        third_party_id=third_party_id,
        family_id=family_id,
        child_id=child_id,
        activity_ids=sorted(set(activity_ids)),
        mode=Mode.PERCENT if percent is not None else Mode.UNIT,
        percent=percent,
        unit_cents=unit_cents,
        month_cap_cents=month_cap_cents or None,
        reference=reference.strip()[:80],
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=now,
        created_by=actor.label,
    )
    _tell(agreement, _("Prise en charge enregistrée"), actor, now)
    return agreement


@transaction.atomic
def end_agreement(*, agreement_id: int, ends_on: date, actor: Actor, now: datetime) -> Agreement:
    """Bring its end forward (or back, never before its beginning). Invoices issued do not change.

    Raises BillingRefusal.
    """
    agreement = (
        Agreement.objects.select_for_update(of=("self",), no_key=True)
        .select_related("third_party")
        .get(pk=agreement_id)
    )
    if ends_on < agreement.starts_on:
        raise BillingRefusal(_("La prise en charge finit avant de commencer."))
    agreement.ends_on = ends_on
    agreement.save(update_fields=["ends_on"])
    _tell(agreement, _("Fin de prise en charge changée"), actor, now)
    return agreement


def _tell(agreement: Agreement, what: str, actor: Actor, now: datetime) -> None:
    record(
        actor=actor,
        now=now,
        action="billing.agreement",
        summary=_("%(what)s : %(who)s, %(how)s, du %(first)s au %(last)s")
        % {
            "what": what,
            "who": agreement.third_party.name,
            "how": how_much(agreement),
            "first": f"{agreement.starts_on:%d/%m/%Y}",
            "last": f"{agreement.ends_on:%d/%m/%Y}",
        },
        family_id=agreement.family_id,
        object_type="agreement",
        object_id=agreement.pk,
    )


def how_much(agreement: Agreement) -> str:
    """«50 %, 60,00 € par mois au plus», «2,00 € par unité»."""
    if agreement.mode == Mode.PERCENT:
        words = f"{agreement.percent} %"
    else:
        words = _("%(cents)s par unité") % {"cents": euros(agreement.unit_cents or 0)}
    if agreement.month_cap_cents:
        words = _("%(words)s, %(cap)s par mois au plus") % {
            "words": words,
            "cap": euros(agreement.month_cap_cents),
        }
    return words


# --- Reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What a third party owes one cash office, in cents."""

    account: ThirdPartyAccount
    left_cents: int


def third_parties(text: str = "") -> QuerySet[ThirdParty]:
    """By name, each with `owed_cents` (all cash offices together)."""
    found = ThirdParty.objects.annotate(
        owed_cents=Coalesce(Sum("accounts__balance_cents"), 0)
    ).order_by("name")
    return found.filter(name__icontains=text.strip()) if text.strip() else found


def get_third_party(pk: int) -> ThirdParty | None:
    return ThirdParty.objects.filter(pk=pk).first()


def agreements(
    *,
    third_party_id: int | None = None,
    family_id: int | None = None,
    text: str = "",
    on: date | None = None,
) -> QuerySet[Agreement]:
    """Agreements, the latest first; those in force on a day when it is given."""
    found = Agreement.objects.select_related("third_party", "family", "child").order_by(
        "-starts_on", "-pk"
    )
    if third_party_id is not None:
        found = found.filter(third_party_id=third_party_id)
    if family_id is not None:
        found = found.filter(family_id=family_id)
    if text.strip():
        words = text.strip()
        found = found.filter(
            Q(family__name__icontains=words)
            | Q(family__code__istartswith=words.replace(" ", ""))
            | Q(reference__icontains=words)
        )
    if on is not None:
        found = found.filter(starts_on__lte=on, ends_on__gte=on)
    return found


def get_agreement(pk: int) -> Agreement | None:
    return Agreement.objects.select_related("third_party", "family", "child").filter(pk=pk).first()


def third_party_invoices(
    *, third_party_id: int | None = None, text: str = "", run_id: int | None = None
) -> QuerySet[ThirdPartyInvoice]:
    """Invoices and credit notes, the latest first, each with `paid_cents`, `back_cents` (below
    zero) and, for an invoice, `left_cents` (below zero: paid too much, the account's credit)."""
    found = (
        ThirdPartyInvoice.objects.select_related(
            "account__third_party", "account__cash_office", "corrects"
        )
        .annotate(
            paid_cents=Coalesce(_sum("payments", "amount_cents"), 0),
            back_cents=Coalesce(_sum("credit_notes", "total_cents"), 0),
        )
        .annotate(
            left_cents=F("total_cents")
            + F("back_cents")
            - F("paid_cents")
            - Coalesce(_sum("credits_received", "amount_cents"), 0)
            + Coalesce(_sum("credit_uses", "amount_cents"), 0)
        )
    )
    if third_party_id is not None:
        found = found.filter(account__third_party_id=third_party_id)
    if run_id is not None:
        found = found.filter(run_id=run_id)
    if text.strip():
        found = found.filter(number__icontains=text.strip())
    return found.order_by("-issued_on", "-pk")


def get_third_party_invoice(number: str) -> ThirdPartyInvoice | None:
    """One invoice, with its amounts (see `third_party_invoices`) and its lines."""
    return (
        third_party_invoices()
        .filter(number=number)
        .prefetch_related(
            "lines",
            "payments",
            "credit_notes",
            "credit_uses__target",
            "credits_received__source",
        )
        .first()
    )


def _sum(relation: str, field: str) -> Any:
    model = ThirdPartyInvoice._meta.get_field(relation).related_model
    name = ThirdPartyInvoice._meta.get_field(relation).field.name  # type: ignore[union-attr]
    rows = model._base_manager.filter(**{name: OuterRef("pk")}).order_by().values(name)  # type: ignore[union-attr]
    return Subquery(rows.annotate(total=Sum(field)).values("total"))


def told_agreements(family_id: int) -> list[Agreement]:
    """A family's agreements, the latest first, each with `how` in words; one query."""
    found = list(agreements(family_id=family_id)[:20])
    for agreement in found:
        agreement.how = how_much(agreement)  # type: ignore[attr-defined]
    return found
