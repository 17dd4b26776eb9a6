"""A contract or an amendment before the family: sent, signed on line or on paper, archived.

On line, a signed-in adult of the household reads the archived document, writes their name and
accepts: a simple electronic signature (eIDAS, article 25). Its proof is the document's digest, the
account, the instant and the journal; the signed copy bears a page that says so.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from preau.childcare.enums import SignedHow
from preau.childcare.errors import (
    AlreadySigned,
    ChildcareRefusal,
    NameDiffers,
    NotSent,
)
from preau.childcare.models import Contract, Signature, Signing, Terms
from preau.childcare.paper import contract_facts
from preau.childcare.services.common import child_name, journal
from preau.documents.services import issue_document
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.text import search_key
from preau.messaging.services import Email, queue_emails

TEMPLATE = "care_contract"


@transaction.atomic
def send_for_signature(
    *, terms_id: int, now: datetime, actor: Actor, tells: bool = True
) -> Signing:
    """Archive the document and put it before the family; again, the first one is given back.

    `tells`: an e-mail to the adults; without it, the document is to be printed.
    Raises ChildcareRefusal for a new tariff, which nobody signs.
    """
    terms = _lock(terms_id)
    if terms.cause == Terms.Cause.TARIFF:
        raise ChildcareRefusal("Une révision du tarif n’est pas signée.")
    contract = _contract(terms)
    signing = Signing.objects.filter(terms=terms).select_related("document__file").first()
    if signing is None:
        facts = contract_facts(contract, terms)
        signing = Signing.objects.create(
            terms=terms,
            document=_issue(contract, facts, now),
            facts=facts,
            sent_at=now,
            sent_by=actor.label,
        )
        journal(
            contract,
            "send_for_signature",
            f"{facts['title']} de {child_name(contract.child_id)} mis en signature",
            now,
            actor,
        )
    if tells:
        _tell(contract, signing, now)
    return signing


@transaction.atomic
def sign_online(*, terms_id: int, adult: Any, name: str, now: datetime, actor: Actor) -> Signature:
    """`adult` of the household read the document and accepts it, writing their own name.

    Raises NotSent, NameDiffers, AlreadySigned.
    """
    terms = _lock(terms_id)
    signing = _sent(terms)
    contract = _contract(terms)
    if adult.family_id != contract.family_id:
        raise NotSent
    if not adult.has_authority:
        raise ChildcareRefusal("Seul un responsable légal signe le contrat.")
    if search_key(name).split() != search_key(str(adult)).split():
        raise NameDiffers(f"Écrivez votre nom comme dans votre dossier : {adult}.")
    if signing.signatures.filter(adult_id=adult.pk).exists():
        raise AlreadySigned
    digest = signing.document.file.sha256
    told = {
        "name": str(adult),
        "at": french.instant(now, year=True),
        "how": "en ligne, depuis son compte de l’espace famille, après lecture du document",
        "document": f"n° {signing.document.number}",
        "sha256": digest,
    }
    earlier = [_told(signing, one) for one in signing.signatures.all()]
    signature = Signature.objects.create(
        signing=signing,
        how=SignedHow.ONLINE,
        name=str(adult),
        adult_id=adult.pk,
        user_id=actor.user_id,
        signed_on=paris_day(now),
        recorded_at=now,
        recorded_by=actor.label,
        channel=Channel.PORTAL,
        sha256=digest,
        document=_issue(
            contract,
            signing.facts | {"signatures": [*earlier, told]},
            now,
            number=f"{signing.document.number}-S{len(earlier) + 1}",
            signed_by=str(adult),
        ),
    )
    _note(contract, signing, signature, now, actor)
    return signature


@transaction.atomic
def record_paper(
    *,
    terms_id: int,
    name: str,
    signed_on: date,
    file_id: UUID,
    now: datetime,
    actor: Actor,
) -> Signature:
    """The paper came back signed: its scan is kept. Raises ChildcareRefusal, NotSent."""
    terms = _lock(terms_id)
    signing = _sent(terms)
    if not name.strip():
        raise ChildcareRefusal("Écrivez qui a signé.")
    if not paris_day(terms.signed_at) <= signed_on <= paris_day(now):
        raise ChildcareRefusal(
            "La date de signature est entre l’écriture du contrat et aujourd’hui."
        )
    contract = _contract(terms)
    signature = Signature.objects.create(
        signing=signing,
        how=SignedHow.PAPER,
        name=name.strip()[:160],
        signed_on=signed_on,
        recorded_at=now,
        recorded_by=actor.label,
        channel=actor.channel,
        sha256=signing.document.file.sha256,
        file_id=file_id,
    )
    _note(contract, signing, signature, now, actor)
    return signature


def _lock(terms_id: int) -> Terms:
    return Terms.objects.select_for_update(no_key=True, of=("self",)).get(pk=terms_id)


def _contract(terms: Terms) -> Contract:
    return Contract.objects.select_related("child", "family", "establishment", "section").get(
        pk=terms.contract_id
    )


def _sent(terms: Terms) -> Signing:
    found = Signing.objects.filter(terms=terms).select_related("document__file").first()
    if found is None:
        raise NotSent
    return found


def _told(signing: Signing, one: Signature) -> dict[str, str]:
    is_online = one.how == SignedHow.ONLINE
    return {
        "name": one.name,
        "at": french.instant(one.recorded_at, year=True)
        if is_online
        else french.day(one.signed_on, year=True, weekday=False),
        "how": "en ligne, depuis son compte de l’espace famille" if is_online else "sur papier",
        "document": f"n° {signing.document.number}",
        "sha256": one.sha256,
    }


def _issue(
    contract: Contract,
    facts: dict[str, Any],
    now: datetime,
    *,
    number: str | None = None,
    signed_by: str = "",
) -> Any:
    public = {
        "Document": facts["title"],
        "Crèche": facts["site"],
        "Enfant": french.initials(contract.child.first_name),
        "Du": facts["from"],
        "Au": facts["until"],
    }
    if signed_by:
        public["Signé en ligne"] = f"{paris_day(now):%d/%m/%Y}"
    return issue_document(
        kind="CONTRACT",
        title=facts["title"] + (" signé" if signed_by else ""),
        template=TEMPLATE,
        data=facts | {"day": french.day(paris_day(now), year=True, weekday=False)},
        public_facts=public,
        family_id=contract.family_id,
        now=now,
        number=number,
    )


def _note(
    contract: Contract, signing: Signing, signature: Signature, now: datetime, actor: Actor
) -> None:
    journal(
        contract,
        "sign",
        f"{signing.facts['title']} de {child_name(contract.child_id)} signé "
        f"{signature.get_how_display()} par {signature.name}",
        now,
        actor,
        data={"sha256": signature.sha256, "document": signing.document.number},
    )


def _tell(contract: Contract, signing: Signing, now: datetime) -> None:
    name = child_name(contract.child_id)
    queue_emails(
        emails=[
            Email(
                to=adult.email,
                subject=f"Crèche : {signing.facts['title'].lower()} à signer",
                body=(
                    f"Bonjour,\n\nLe document pour l’accueil de {name} à la crèche est prêt : "
                    f"{signing.facts['site']}, du {signing.facts['from']} au "
                    f"{signing.facts['until']}, {signing.facts['instalment']} par mois.\n"
                    "Lisez-le et signez-le dans votre espace, page « Crèche ». Vous pouvez aussi "
                    "le signer sur papier, au service.\n"
                ),
                family_id=contract.family_id,
                key=f"care-sign-{signing.pk}-{adult.pk}-{paris_day(now)}",
            )
            for adult in families.guardians_of(contract.family_id)
            if adult.email
        ],
        now=now,
    )
