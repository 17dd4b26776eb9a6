"""The year to come: règlement accepted by version, enrolments renewed. The only writers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from preau.audit.services import record, record_many
from preau.catalogue.queries import get_offering
from preau.enrolments.errors import EnrolmentRefusal
from preau.enrolments.models import (
    Acceptance,
    Regulation,
    Renewal,
    RenewalCampaign,
    RenewalLine,
)
from preau.enrolments.queries import current_regulation
from preau.enrolments.services import enrol
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel

BATCH = 2000


class RenewalRefused(EnrolmentRefusal):
    message = "Ce renouvellement n’est pas possible."
    code = "renewal_refused"


# --- The règlement intérieur -------------------------------------------------------------------


@transaction.atomic
def save_regulation(
    *,
    pk: int | None,
    title: str,
    version: str,
    body: str,
    in_force_on: date,
    now: datetime,
    actor: Actor,
) -> Regulation:
    """Write a version that is not published yet. Raises RenewalRefused."""
    row = Regulation.objects.get(pk=pk) if pk else Regulation(created_at=now)
    if row.published_at:
        raise RenewalRefused(
            "Cette version est publiée : elle ne change plus. Faites-en une autre."
        )
    if not (title.strip() and version.strip() and body.strip()):
        raise RenewalRefused("Écrivez un titre, une version et un texte.")
    row.title, row.version = title.strip()[:120], version.strip()[:40]
    row.body, row.in_force_on = body.strip(), in_force_on
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise RenewalRefused("Une version porte déjà ce nom.") from error
    _say(actor, now, "save_regulation", f"Règlement intérieur écrit : {row}", row.pk)
    return row


@transaction.atomic
def publish_regulation(*, pk: int, now: datetime, actor: Actor) -> Regulation:
    """Publish a version: families read and accept it; it never changes again."""
    row = Regulation.objects.select_for_update(no_key=True).get(pk=pk)
    if row.published_at is None:
        row.published_at, row.published_by = now, actor.label
        row.save(update_fields=["published_at", "published_by"])
        _say(actor, now, "publish_regulation", f"Règlement intérieur publié : {row}", row.pk)
    return row


@transaction.atomic
def accept_regulation(
    *,
    regulation_id: int,
    family_id: int,
    guardian_id: int | None,
    now: datetime,
    actor: Actor,
) -> Acceptance:
    """Keep that the household accepted this version; once is enough."""
    kept, created = Acceptance.objects.get_or_create(
        regulation_id=regulation_id,
        family_id=family_id,
        defaults={
            "guardian_id": guardian_id,
            "by_label": actor.label,
            "channel": actor.channel,
            "at": now,
        },
    )
    if created:
        record(
            actor=actor,
            now=now,
            action="enrolments.accept_regulation",
            summary=f"Règlement intérieur accepté : {kept.regulation}",
            family_id=family_id,
            object_type="enrolments.Regulation",
            object_id=regulation_id,
        )
    return kept


# --- Renewing ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineToRenew:
    """An enrolment that may go on; `offering_id` None: nothing answers to it next year."""

    family_id: int
    child_id: int
    enrolment_id: int
    offering_id: int | None


@transaction.atomic
def open_campaign(
    *,
    from_year_id: int,
    to_year_id: int,
    opens_on: date,
    closes_on: date,
    lines: Sequence[LineToRenew],
    now: datetime,
    actor: Actor,
) -> RenewalCampaign:
    """Open the renewal to the households of these lines. Raises RenewalRefused."""
    if closes_on < opens_on:
        raise RenewalRefused("La fin est avant le début.")
    if not lines:
        raise RenewalRefused("Aucune inscription de cette année ne va jusqu’à sa fin.")
    if RenewalCampaign.objects.filter(to_year_id=to_year_id).exists():
        raise RenewalRefused("Le renouvellement de cette année est déjà ouvert.")
    campaign = RenewalCampaign.objects.create(
        from_year_id=from_year_id,
        to_year_id=to_year_id,
        opens_on=opens_on,
        closes_on=closes_on,
        created_at=now,
        created_by=actor.label,
    )
    families = list(dict.fromkeys(line.family_id for line in lines))
    rows = Renewal.objects.bulk_create(
        [Renewal(campaign=campaign, family_id=pk) for pk in families], batch_size=BATCH
    )
    renewal_of = {row.family_id: row.pk for row in rows}
    RenewalLine.objects.bulk_create(
        [
            RenewalLine(
                renewal_id=renewal_of[line.family_id],
                child_id=line.child_id,
                enrolment_id=line.enrolment_id,
                offering_id=line.offering_id,
            )
            for line in lines
        ],
        batch_size=BATCH,
    )
    words = french.count(len(families), "famille")
    _say(actor, now, "open_campaign", f"Renouvellement ouvert : {words}", campaign.pk)
    return campaign


@transaction.atomic
def change_campaign_dates(
    *, campaign_id: int, opens_on: date, closes_on: date, now: datetime, actor: Actor
) -> None:
    if closes_on < opens_on:
        raise RenewalRefused("La fin est avant le début.")
    RenewalCampaign.objects.filter(pk=campaign_id).update(opens_on=opens_on, closes_on=closes_on)
    _say(actor, now, "change_campaign", "Dates du renouvellement changées", campaign_id)


@transaction.atomic
def answer_renewal(
    *,
    renewal_id: int,
    family_id: int,
    wanted: Iterable[int],
    accepts: bool,
    guardian_id: int | None,
    now: datetime,
    actor: Actor,
) -> Renewal:
    """A household keeps these lines (ids) and enrols its children for the year to come.

    `accepts`: the règlement in force was read and accepted; needed once per version. Families may
    only answer while the campaign is open; agents may later. Raises RenewalRefused.
    """
    row = (
        Renewal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("campaign__to_year")
        .filter(pk=renewal_id, family_id=family_id)
        .first()
    )
    if row is None:
        raise RenewalRefused
    if row.status != Renewal.Status.WAITING:
        raise RenewalRefused("Le renouvellement est déjà fait.")
    campaign, today = row.campaign, paris_day(now)
    if not actor.is_agent and not campaign.opens_on <= today <= campaign.closes_on:
        raise RenewalRefused("Le renouvellement n’est pas ouvert : appelez la mairie.")
    lines = {line.pk: line for line in row.lines.all()}
    chosen = set(wanted)
    if not chosen <= {pk for pk, line in lines.items() if line.offering_id}:
        raise RenewalRefused("Une de ces inscriptions ne peut pas être renouvelée.")
    regulation = current_regulation(campaign.to_year.starts_on)
    if chosen and regulation is not None:
        known = Acceptance.objects.filter(regulation=regulation, family_id=family_id).exists()
        if not known and not accepts:
            raise RenewalRefused("Lisez et acceptez le règlement intérieur.")
        accept_regulation(
            regulation_id=regulation.pk,
            family_id=family_id,
            guardian_id=guardian_id,
            now=now,
            actor=actor,
        )
    for pk, line in lines.items():
        line.is_wanted = pk in chosen
        if line.is_wanted and line.offering_id:
            offering = get_offering(line.offering_id)
            assert offering is not None
            line.new_enrolment = enrol(
                child_id=line.child_id,
                family_id=family_id,
                offering_id=line.offering_id,
                starts_on=offering.starts_on,
                channel=Channel(actor.channel),
                now=now,
                actor=actor,
            )
        line.save(update_fields=["is_wanted", "new_enrolment"])
    row.status = Renewal.Status.DONE if chosen else Renewal.Status.DECLINED
    row.answered_at, row.answered_by, row.channel = now, actor.label, actor.channel
    row.save(update_fields=["status", "answered_at", "answered_by", "channel"])
    record(
        actor=actor,
        now=now,
        action="enrolments.answer_renewal",
        summary=f"Renouvellement {campaign.to_year.label} : "
        + (french.count(len(chosen), "inscription") if chosen else "ne renouvelle pas"),
        family_id=family_id,
        object_type="enrolments.Renewal",
        object_id=row.pk,
    )
    return row


@transaction.atomic
def note_told(*, renewal_ids: Sequence[int], now: datetime, actor: Actor) -> None:
    """These households were written to."""
    rows = Renewal.objects.filter(pk__in=list(renewal_ids))
    rows.update(told_at=now, reminders=F("reminders") + 1)
    record_many(
        actor=actor,
        now=now,
        action="enrolments.tell_renewal",
        entries=[
            (family_id, "Prévenue du renouvellement des inscriptions")
            for family_id in rows.values_list("family_id", flat=True)
        ],
    )


def _say(actor: Actor, now: datetime, verb: str, summary: str, pk: int) -> None:
    record(
        actor=actor,
        now=now,
        action=f"enrolments.{verb}",
        summary=summary,
        object_type="enrolments",
        object_id=pk,
    )
