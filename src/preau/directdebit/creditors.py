"""A cash office as a SEPA creditor."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.directdebit.errors import DebitRefusal
from preau.directdebit.iban import clean_bic, clean_iban, clean_ics
from preau.directdebit.models import Creditor
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.sealing import seal

DEFAULT_TEXT = (
    "En acceptant ce mandat, vous autorisez le créancier à envoyer des instructions à votre banque "
    "pour débiter votre compte, et votre banque à débiter votre compte conformément à ces "
    "instructions. Vous bénéficiez du droit d’être remboursé par votre banque, selon les "
    "conditions de la convention que vous avez passée avec elle. Toute demande de remboursement "
    "doit être présentée dans les 8 semaines suivant la date de débit de votre compte."
)


@transaction.atomic
def save_creditor(
    *,
    cash_office_id: int,
    ics: str,
    name: str,
    iban: str,
    bic: str,
    schema: str,
    notice_days: int,
    max_rejects: int,
    mandate_text: str,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> Creditor:
    """Let a cash office debit. An empty `iban` keeps the one already sealed.

    A new mandate text is a new version: mandates signed before keep the words that were accepted.
    Raises WrongIcs, WrongIban, WrongBic, DebitRefusal.
    """
    creditor = Creditor.objects.select_for_update().filter(cash_office_id=cash_office_id).first()
    if creditor is None:
        creditor = Creditor(cash_office_id=cash_office_id)
        if not iban:
            raise DebitRefusal(_("Écrivez l’IBAN du compte de la régie."))
    creditor.ics, creditor.bic = clean_ics(ics), clean_bic(bic)
    if schema == Creditor.Schema.V2 and not creditor.bic:
        raise DebitRefusal(_("Le format de 2009 demande le BIC de la régie."))
    if iban:
        iban = clean_iban(iban)
        creditor.sealed_iban, creditor.iban_end = seal(iban), iban[-4:]
    text = mandate_text.strip() or DEFAULT_TEXT
    if creditor.pk and text != creditor.mandate_text:
        creditor.text_version += 1
    creditor.name, creditor.schema, creditor.mandate_text = name.strip()[:70], schema, text
    if creditor.pk and notice_days != creditor.notice_days:
        until = paris_day(now).isoformat()
        creditor.notice_before = [
            *creditor.notice_before,
            {"until": until, "days": creditor.notice_days},
        ]
    creditor.notice_days, creditor.max_rejects = notice_days, max(1, max_rejects)
    creditor.is_active = is_active
    creditor.save()
    record(
        actor=actor,
        now=now,
        action="directdebit.save_creditor",
        summary=_("Prélèvement réglé : ICS %(ics)s, compte finissant par %(end)s, %(state)s")
        % {
            "ics": creditor.ics,
            "end": creditor.iban_end,
            "state": _("ouvert") if is_active else _("fermé"),
        },
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return creditor
