"""What a cash office's act allows, whom it names, and the refusal of all the rest.

Versions are kept: a payment is judged by the act in force on its day (decree 2012-1246, CGCT
R1617-1 and following).
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.errors import (
    ActRefused,
    MeansNotAccepted,
    NoAct,
    NotNamed,
    ProductNotInAct,
)
from preau.billing.means import LABELS, Means
from preau.billing.models import CashOffice, CashOfficeAct, CashOfficePerson, Invoice, InvoiceLine
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day

PERSON_ROLES = CashOfficePerson.Role.choices


def act_on(cash_office_id: int, day: date) -> CashOfficeAct | None:
    """The act in force on the day."""
    return (
        CashOfficeAct.objects.filter(cash_office_id=cash_office_id, in_force_on__lte=day)
        .order_by("-in_force_on", "-pk")
        .first()
    )


def acts_of(cash_office_id: int) -> Any:
    """Every version of the act, latest first."""
    return CashOfficeAct.objects.filter(cash_office_id=cash_office_id)


def people_of(cash_office_id: int) -> Any:
    """Everyone who was, is or will be named."""
    return CashOfficePerson.objects.filter(cash_office_id=cash_office_id)


def _named_on(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def people_on(cash_office_id: int, day: date) -> Any:
    """Who may collect on the day."""
    return people_of(cash_office_id).filter(_named_on(day))


def offices_naming(user_id: int | None, day: date) -> Any:
    """The open cash offices that name this agent on the day, by name."""
    named = CashOfficePerson.objects.filter(_named_on(day), user_id=user_id or 0)
    return CashOffice.objects.filter(
        is_active=True, pk__in=named.values("cash_office_id")
    ).order_by("name")


def refuse_outside(
    *,
    cash_office_id: int,
    means: Iterable[str],
    invoice_ids: Collection[int],
    now: datetime,
) -> CashOfficeAct:
    """The act in force, if it allows these means and the products of these invoices.

    Raises NoAct, MeansNotAccepted, ProductNotInAct.
    """
    act = act_on(cash_office_id, paris_day(now))
    if act is None:
        raise NoAct
    for one in means:
        if one not in act.means:
            raise MeansNotAccepted
    if act.activity_ids and invoice_ids:
        outside = (
            InvoiceLine.objects.filter(
                invoice_id__in=invoice_ids,
                invoice__kind=Invoice.Kind.INVOICE,
                activity_id__isnull=False,
            )
            .exclude(activity_id__in=act.activity_ids)
            .values_list("activity__name", flat=True)
            .first()
        )
        if outside:
            raise ProductNotInAct(
                _("L’acte de la régie ne prévoit pas d’encaisser « %(name)s ».") % {"name": outside}
            )
    return act


def refuse_unnamed(*, cash_office_id: int, actor: Actor, now: datetime) -> None:
    """Raises NotNamed unless the act's orders name this agent on this day."""
    if (
        actor.user_id is None
        or not people_on(cash_office_id, paris_day(now)).filter(user_id=actor.user_id).exists()
    ):
        raise NotNamed


@transaction.atomic
def record_act(
    *,
    cash_office_id: int,
    reference: str,
    signed_on: date,
    in_force_on: date,
    means: Collection[str],
    activity_ids: Collection[int],
    actor: Actor,
    now: datetime,
    decision: str = "",
    cash_ceiling_cents: int | None = None,
    till_ceiling_cents: int | None = None,
    deposit_days: int = 30,
    float_cents: int = 0,
    payment_days: int = 25,
    allows_refunds: bool = False,
    refund_max_cents: int | None = None,
) -> CashOfficeAct:
    """Record the act, or its next version; those before stay. Raises ActRefused."""
    office = CashOffice.objects.select_for_update(no_key=True).get(pk=cash_office_id)
    _check(
        office,
        reference=reference,
        signed_on=signed_on,
        in_force_on=in_force_on,
        means=means,
        activity_ids=activity_ids,
        cash_ceiling_cents=cash_ceiling_cents,
        till_ceiling_cents=till_ceiling_cents,
    )
    act = CashOfficeAct.objects.create(
        cash_office=office,
        reference=reference.strip()[:160],
        signed_on=signed_on,
        in_force_on=in_force_on,
        decision=decision.strip()[:160],
        activity_ids=sorted(set(activity_ids)),
        means=[one for one in LABELS if one in means],
        cash_ceiling_cents=cash_ceiling_cents,
        till_ceiling_cents=till_ceiling_cents,
        deposit_days=deposit_days,
        float_cents=float_cents,
        payment_days=payment_days,
        allows_refunds=allows_refunds,
        refund_max_cents=refund_max_cents if allows_refunds else None,
        created_at=now,
        created_by=actor.label,
    )
    apply_act(office, day=paris_day(now))
    record(
        actor=actor,
        now=now,
        action="billing.record_act",
        summary=_("Acte de la régie « %(office)s » : %(reference)s, en vigueur le %(day)s")
        % {"office": office.name, "reference": act.reference, "day": f"{in_force_on:%d/%m/%Y}"},
        object_type="cash_office",
        object_id=office.pk,
        data={"act_id": act.pk, "means": act.means, "decision": act.decision},
    )
    return act


def _check(
    office: CashOffice,
    *,
    reference: str,
    signed_on: date,
    in_force_on: date,
    means: Collection[str],
    activity_ids: Collection[int],
    cash_ceiling_cents: int | None,
    till_ceiling_cents: int | None,
) -> None:
    if not reference.strip():
        raise ActRefused(_("Écrivez la référence de l’arrêté."), field="reference")
    if not means or not set(means) <= set(LABELS):
        raise ActRefused(_("Choisissez au moins un moyen de paiement."), field="means")
    if not activity_ids:
        raise ActRefused(_("Choisissez au moins un produit à encaisser."), field="activities")
    if in_force_on < signed_on:
        raise ActRefused(
            _("Un acte n’entre pas en vigueur avant sa signature."), field="in_force_on"
        )
    latest = CashOfficeAct.objects.filter(cash_office=office).first()
    if latest and in_force_on < latest.in_force_on:
        raise ActRefused(
            _("Une version plus récente est déjà en vigueur : le passé ne se récrit pas."),
            field="in_force_on",
        )
    if Means.CASH in means and not cash_ceiling_cents:
        raise ActRefused(
            _("Un acte qui prévoit les espèces en fixe le plafond."), field="cash_ceiling_cents"
        )
    if cash_ceiling_cents and till_ceiling_cents and till_ceiling_cents < cash_ceiling_cents:
        raise ActRefused(
            _("Le plafond de l’encaisse comprend celui des espèces : il ne peut être plus bas."),
            field="till_ceiling_cents",
        )


def apply_act(office: CashOffice, *, day: date) -> bool:
    """Copy onto the office what families read of the act in force; whether it changed."""
    act = act_on(office.pk, day)
    if act is None:
        return False
    values = {
        "act_reference": act.reference,
        "payment_days": act.payment_days,
        "means": list(act.means),
    }
    cashier = (
        people_on(office.pk, day).filter(role=CashOfficePerson.Role.CASHIER).order_by("pk").first()
    )
    if cashier:
        values["cashier_name"] = cashier.name
    if all(getattr(office, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(office, name, value)
    office.save(update_fields=list(values))
    return True


@transaction.atomic
def apply_acts(*, now: datetime) -> int:
    """Each night: acts and orders that enter into force today. How many offices changed."""
    offices = CashOffice.objects.select_for_update(no_key=True).order_by("pk")
    return sum(apply_act(office, day=paris_day(now)) for office in offices)


@transaction.atomic
def name_person(
    *,
    cash_office_id: int,
    user_id: int,
    name: str,
    role: str,
    starts_on: date,
    actor: Actor,
    now: datetime,
    ends_on: date | None = None,
    order_reference: str = "",
) -> CashOfficePerson:
    """Name someone who may collect, from a day to another. Raises ActRefused."""
    if role not in CashOfficePerson.Role.values:
        raise ActRefused(_("Choisissez une qualité."), field="role")
    if ends_on and ends_on < starts_on:
        raise ActRefused(_("La fin est avant le début."), field="ends_on")
    office = CashOffice.objects.select_for_update(no_key=True).get(pk=cash_office_id)
    try:
        with transaction.atomic():
            person = CashOfficePerson.objects.create(
                cash_office=office,
                role=role,
                name=name.strip()[:120],
                user_id=user_id,
                order_reference=order_reference.strip()[:160],
                starts_on=starts_on,
                ends_on=ends_on,
            )
    except IntegrityError as error:
        raise ActRefused(
            _("Cette personne est déjà nommée pendant ces jours."), field="user"
        ) from error
    apply_act(office, day=paris_day(now))
    record(
        actor=actor,
        now=now,
        action="billing.name_person",
        summary=_("%(name)s, %(role)s de la régie « %(office)s »")
        % {"name": person.name, "role": person.get_role_display(), "office": office.name},
        object_type="cash_office",
        object_id=office.pk,
        data={"user_id": user_id, "starts_on": str(starts_on), "ends_on": str(ends_on or "")},
    )
    return person


@transaction.atomic
def end_person(*, person_id: int, ends_on: date, actor: Actor, now: datetime) -> CashOfficePerson:
    """End a naming on a day (its last). What was collected until then stays. Raises ActRefused."""
    person = (
        CashOfficePerson.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .get(pk=person_id)
    )
    if ends_on < person.starts_on:
        raise ActRefused(_("La fin est avant le début."), field="ends_on")
    person.ends_on = ends_on
    person.save(update_fields=["ends_on"])
    apply_act(person.cash_office, day=paris_day(now))
    record(
        actor=actor,
        now=now,
        action="billing.end_person",
        summary=_("Fin des fonctions de %(name)s à la régie « %(office)s » le %(day)s")
        % {
            "name": person.name,
            "office": person.cash_office.name,
            "day": f"{ends_on:%d/%m/%Y}",
        },
        object_type="cash_office",
        object_id=person.cash_office_id,
    )
    return person
