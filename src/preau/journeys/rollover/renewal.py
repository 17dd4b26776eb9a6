"""Renewing enrolments for the year to come: what may go on, what has expired, whom to write to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from preau.catalogue.queries import offerings_for
from preau.enrolments import queries as enrolments
from preau.enrolments import renewals
from preau.enrolments.renewals import LineToRenew, RenewalRefused
from preau.families import queries as families
from preau.journeys.letter_prints import RENEWAL, ask_letters_print
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.messaging.services import Email, queue_emails
from preau.schools.promotions import next_schools
from preau.schools.queries import schooling_on
from preau.town.queries import get_town

if TYPE_CHECKING:
    from preau.families.models import Family


@transaction.atomic
def open_renewal(
    *, from_year: Any, to_year: Any, opens_on: date, closes_on: date, now: datetime, actor: Actor
) -> Any:
    """Open the renewal to every household that has an enrolment to the end of the year.

    Each enrolment is led to the offering that answers to it next year: the same activity, at the
    child's next school when it was at its school, else where it was. Raises RenewalRefused.
    """
    running = list(enrolments.enrolments_to_renew(from_year.pk))
    ids = {row.child_id for row in running}
    day = min(max(paris_day(now), from_year.starts_on), from_year.ends_on)
    schools_now = {pk: row.establishment_id for pk, row in schooling_on(ids, day).items()}
    following = next_schools(ids, to_year.pk)
    offered: dict[tuple[int, int], list[Any]] = {}
    for offering in offerings_for(to_year.pk):
        offered.setdefault((offering.activity_id, offering.establishment_id), []).append(offering)
    lines = []
    for row in running:
        old = row.offering
        site, level = old.establishment_id, following.get(row.child_id, (None, ""))[1]
        if schools_now.get(row.child_id) == site and row.child_id in following:
            site = following[row.child_id][0]
        elif schools_now.get(row.child_id) == site and schools_now.get(row.child_id) is not None:
            # It was at school here and has no school next year: it leaves.
            site = 0
        candidates = offered.get((old.activity_id, site), [])
        target = next((o for o in candidates if o.label == old.label), None) or (
            candidates[0] if candidates else None
        )
        if target is not None and target.activity.levels and level:
            target = target if level in target.activity.levels else None
        lines.append(
            LineToRenew(row.family_id, row.child_id, row.pk, target.pk if target else None)
        )
    return renewals.open_campaign(
        from_year_id=from_year.pk,
        to_year_id=to_year.pk,
        opens_on=opens_on,
        closes_on=closes_on,
        lines=lines,
        now=now,
        actor=actor,
    )


@dataclass(slots=True)
class RenewalForm:
    """What a household is asked, and nothing that is known and still good."""

    renewal: Any
    lines: list[Any]  # those that can go on
    ended: list[Any]  # those that nothing answers to next year
    pieces: list[tuple[Any, Any]] = field(default_factory=list)  # (child or None, kind)
    needs_quotient: bool = False
    regulation: Any = None  # to accept; None when it is accepted already
    needs_phone: bool = False


def renewal_form(family: "Family", campaign: Any) -> RenewalForm | None:
    """The household's form, prefilled: eight queries. None when it has nothing to renew."""
    renewal = enrolments.renewal_of(family.pk, campaign.pk)
    if renewal is None:
        return None
    start = campaign.to_year.starts_on
    lines = list(renewal.lines.all())
    going = [line for line in lines if line.offering is not None]
    required = enrolments.required_documents(
        {line.offering.activity_id for line in going if line.offering}
    )
    held = {
        (document.kind_id, document.child_id)
        for document in enrolments.valid_documents(family.pk, start)
    }
    pieces: dict[tuple[int, int | None], tuple[Any, Any]] = {}
    for line in going:
        assert line.offering is not None
        for kind in required.get(line.offering.activity_id, []):
            child = line.child if kind.subject == "CHILD" else None
            key = (kind.pk, child.pk if child else None)
            if key not in held:
                pieces.setdefault(key, (child, kind))
    regulation = enrolments.current_regulation(start)
    if regulation and enrolments.acceptance_of(family.pk, regulation.pk):
        regulation = None
    adults = list(families.guardians_of(family))
    return RenewalForm(
        renewal=renewal,
        lines=going,
        ended=[line for line in lines if line.offering is None],
        pieces=list(pieces.values()),
        needs_quotient=families.quotient_on(family.pk, start) is None,
        regulation=regulation,
        needs_phone=not any(a.mobile_phone or a.home_phone for a in adults),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """How many were written to by e-mail, how many by letter, and the letters' print."""

    emails: int
    letters: int
    print_id: int | None


def ask_telling(*, campaign: Any, renewal_ids: Sequence[int], now: datetime, actor: Actor) -> None:
    """Have the worker write to these households. Raises RenewalRefused when there is none, or
    while others of this campaign are being written to."""
    from preau.journeys.tasks import tell_renewals

    if not renewal_ids:
        raise RenewalRefused("Aucune famille à prévenir.")
    try:
        with transaction.atomic():
            tell_renewals.configure(queueing_lock=f"tell-renewals-{campaign.pk}").defer(
                campaign_id=campaign.pk,
                renewal_ids=list(renewal_ids),
                user_id=actor.user_id,
                label=actor.label,
                asked_at=now.isoformat(),
            )
    except AlreadyEnqueued as error:
        raise RenewalRefused(
            "Un envoi de cette campagne attend déjà de partir : patientez un instant."
        ) from error


def run_telling(
    *, campaign_id: int, renewal_ids: Sequence[int], asked_at: datetime, now: datetime, actor: Actor
) -> Told | None:
    """The job: those not answered since, and not told by this very job killed after its commit."""
    campaign = enrolments.get_campaign(campaign_id)
    assert campaign is not None
    wanted = set(renewal_ids)
    chosen = [
        row
        for row in enrolments.renewals_of(campaign, status="WAITING")
        if row.pk in wanted and (row.told_at is None or row.told_at < asked_at)
    ]
    if not chosen:
        return None
    return tell_families(campaign=campaign, chosen=chosen, now=now, actor=actor)


@transaction.atomic
def tell_families(*, campaign: Any, chosen: Sequence[Any], now: datetime, actor: Actor) -> Told:
    """Write to these households (renewals): by e-mail, or by letters that the worker sets.

    The same household is not written to twice the same day by e-mail. Raises RenewalRefused.
    """
    if not chosen:
        raise RenewalRefused("Aucune famille à prévenir.")
    ids = [row.family_id for row in chosen]
    adults: dict[int, list[Any]] = {}
    for adult in families.guardians_of_families(ids):
        adults.setdefault(adult.family_id, []).append(adult)
    town, site = get_town(), settings.BASE_URL
    until = french.day(campaign.closes_on, year=True)
    year = campaign.to_year.label
    emails: list[Email] = []
    by_post: list[int] = []
    for row in chosen:
        reached = [a for a in adults.get(row.family_id, []) if a.email]
        for adult in reached:
            emails.append(
                Email(
                    to=adult.email,
                    subject=f"Inscriptions {year} : à renouveler avant le {until}",
                    body=(
                        f"Bonjour {adult},\n\nLes inscriptions de vos enfants pour l’année "
                        f"{year} se renouvellent jusqu’au {until}. Le formulaire est déjà rempli : "
                        "vous ne donnez que ce qui a changé ou expiré.\n\n"
                        f"{site}/espace/renouvellement/\n\n{town.name}\n"
                    ),
                    family_id=row.family_id,
                    key=f"renewal-{row.pk}-{adult.pk}-{paris_day(now):%Y%m%d}",
                )
            )
        if not reached:
            by_post.append(row.family_id)
    queue_emails(emails=emails, now=now)
    renewals.note_told(renewal_ids=[row.pk for row in chosen], now=now, actor=actor)
    printed = None
    if by_post:
        printed = ask_letters_print(
            kind=RENEWAL,
            campaign_id=campaign.pk,
            title=f"Lettres de renouvellement {year}",
            family_ids=by_post,
            now=now,
            actor=actor,
        ).pk
    return Told(len(emails), len(by_post), printed)
