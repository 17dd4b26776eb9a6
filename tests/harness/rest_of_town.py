"""What the demo town does not hold, made for the pages that show it: links sent by e-mail, a wizard
halfway through, an import to approve, a line of the bank to sort, a campaign of renewal…

The town's own services make what they can; a row whose making needs the worker or a bank is
written as it would be left.
"""

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.accounts.models import Authenticator, PasswordLink
from preau.accounts.passwords import create_link
from preau.billing.models import CashOffice, Invoice
from preau.casework.kinds import all_kinds
from preau.casework.models import Draft, Request
from preau.catalogue.models import Offering, SchoolYear
from preau.childcare.models import Scale
from preau.directdebit.models import BankEntry, BankFile, Creditor
from preau.documents.models import Print
from preau.enrolments.models import Renewal, RenewalCampaign, RenewalLine
from preau.enrolments.queries import enrolments_to_renew
from preau.families.models import Custody, Family, Guardian, LetterBatch
from preau.journeys.models import MassAct
from preau.journeys.onde.services import preview_import
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.messaging.models import Campaign, Message
from preau.recovery.models import ReductionRequest, Titre
from preau.reporting.models import YearEnd
from preau.rulebook.models import RulebookVersion
from preau.rulebook.queries import compiled
from preau.townhall.catalogue.subjects import SUBJECTS
from preau.townhall.families.lists import PANELS
from tests.connectors.test_onde import ADULTS, LUCIE, MOTHER, PUPILS
from tests.harness.people import PASSWORD, make_agent
from tests.harness.requests import client_of

Given = dict[str, list[tuple[str, Client]]]


def complete(*, now: datetime, agent: Any, family: Any, user: Any) -> Given:
    """Make what is missing; the addresses of the routes that no model's row answers.

    `agent` may the most, `family` is the demo's own, `user` its account.
    """
    actor = Actor.system("essai")
    write_rows(now=now, agent=agent, family=family, user=user, actor=actor)
    office, home = client_of(agent), client_of(user)
    given: Given = {}
    given.update(asked_kinds(office=office, home=home, family=family))
    given.update(offer_pages(office))
    given.update(sign_in_pages(now=now, user=user, agent=agent))
    given.update(wizard_pages())
    given["townhall:family-merge"] = [
        (reverse("townhall:family-merge", args=pair), office)
        for pair in [
            list(Family.objects.filter(status="ACTIVE").values_list("code", flat=True)[:2])
        ]
    ]
    site = Offering.objects.values_list("establishment", flat=True).first()
    cards = Print.objects.create(
        about=f"cards:{site}",
        title="Cartes",
        status=Print.Status.RUNNING,
        done=12,
        total=40,
        asked_at=now,
        asked_by=actor.label,
    )
    given["townhall:site-cards-print"] = [
        (reverse("townhall:site-cards-print", args=[site, cards.pk]), office)
    ]
    given.update(letters_pages(office, now=now, by=actor.label))
    adult = Guardian.objects.filter(family=family, left_on=None).first()
    assert adult is not None
    given["townhall:family-state-quotient"] = [
        (reverse("townhall:family-state-quotient", args=[family.code, adult.pk]), office)
    ]
    given["townhall:family-panel"] = [
        (reverse("townhall:family-panel", args=[family.code, what]), office) for what in PANELS
    ]
    version = RulebookVersion.objects.filter(status="DRAFT").first()
    assert version is not None
    given["townhall:rules-rule"] = [
        (reverse("townhall:rules-rule", args=[version.pk, name, rules[0].id]), office)
        for name, rules in compiled(version).sections()
        if rules
    ]
    return given


def letters_pages(office: Client, *, now: datetime, by: str) -> Given:
    """Letters being set, ready, failed and wiped, of a message and of a renewal."""
    given: Given = {}
    message, renewal = Campaign.objects.last(), RenewalCampaign.objects.last()
    kinds = (
        ("message", message, "townhall:message-letters"),
        ("renewal", renewal, "townhall:renewal-letters"),
    )
    for kind, campaign, route in kinds:
        assert campaign is not None
        rows = [
            Print.objects.create(
                about=f"letters-{kind}:{campaign.pk}",
                title="Lettres à imprimer",
                status=status,
                done=1_000,
                total=2_400,
                asked_at=now,
                asked_by=by,
                finished_at=now,
                expires_at=now + timedelta(days=30),
                subjects=[1, 2],
            )
            for status in ("RUNNING", "DONE", "FAILED", "WIPED")
        ]
        given[route] = [(reverse(route, args=[campaign.pk, row.pk]), office) for row in rows]
    return given


def write_rows(*, now: datetime, agent: Any, family: Any, user: Any, actor: Actor) -> None:
    """Rows that other models' pages read: found by their routes as any of the town's."""
    day = paris_day(now)
    by = actor.label
    payload = Request.objects.filter(kind="QUESTION").values_list("payload", flat=True).first()
    for writer in (agent, user):
        Draft.objects.create(
            kind="QUESTION",
            family=family,
            user=writer,
            payload=payload,
            created_at=now,
            expires_at=now + timedelta(days=7),
        )
    LetterBatch.objects.create(
        label="Premières lettres", status=LetterBatch.Status.RUNNING, created_at=now, created_by=by
    )
    MassAct.objects.create(
        kind=MassAct.Kind.STRIKE,
        reason="Grève nationale",
        starts_on=day,
        ends_on=day,
        where="toutes les écoles",
        status=MassAct.Status.DONE,
        total=12,
        done=12,
        families=9,
        key=uuid.uuid4(),
        asked_at=now,
        asked_by=by,
        channel=Channel.COUNTER,
        finished_at=now,
    )
    preview_import(
        pupils="\r\n".join([PUPILS, LUCIE, ""]).encode("cp1252"),
        adults="\r\n".join([ADULTS, MOTHER, ""]).encode("cp1252"),
        now=now,
        actor=actor,
    )
    creditor = Creditor.objects.first()
    file = BankFile.objects.create(
        creditor=creditor,
        name="releve.xml",
        kind="camt.053",
        message_id="M1",
        sha256="0" * 64,
        imported_at=now,
        imported_by=by,
    )
    BankEntry.objects.create(
        file=file,
        creditor=creditor,
        bank_reference="R1",
        kind=BankEntry.Kind.TRANSFER,
        amount_cents=4_250,
        booked_on=day,
        counterpart="MME BLANCHARD",
        communication="cantine octobre",
        status=BankEntry.Status.TO_SORT,
    )
    ReductionRequest.objects.create(
        titre=Titre.objects.filter(status=Titre.Status.ISSUED).first(),
        amount_cents=500,
        reason="Journée comptée à tort",
        created_at=now,
        created_by=by,
    )
    YearEnd.objects.create(
        cash_office=CashOffice.objects.first(),
        year=day.year - 1,
        status=YearEnd.Status.READY,
        asked_at=now,
        asked_by=by,
        computed_at=now,
        not_invoiced=[
            {
                "activity": "Restauration scolaire",
                "accounting_code": "7067",
                "function_code": "281",
                "units": 4,
                "families": 2,
                "cents": 1_880,
            }
        ],
    )
    Scale.objects.create(label="Barème de l’an prochain", created_at=now)
    if not RenewalCampaign.objects.exists():
        renew(family, now=now, by=by)


def renew(family: Any, *, now: datetime, by: str) -> None:
    """A campaign of renewal where this family alone has something to renew."""
    day = paris_day(now)
    year = SchoolYear.objects.filter(starts_on__lte=day, ends_on__gte=day).get()
    after = SchoolYear.objects.filter(starts_on__gt=day).first() or SchoolYear.objects.create(
        name=f"{year.ends_on.year}-{year.ends_on.year + 1}",
        starts_on=year.ends_on + timedelta(days=1),
        ends_on=year.ends_on + timedelta(days=365),
    )
    campaign = RenewalCampaign.objects.create(
        from_year=year,
        to_year=after,
        opens_on=day,
        closes_on=day + timedelta(days=30),
        created_at=now,
        created_by=by,
    )
    renewal = Renewal.objects.create(campaign=campaign, family=family)
    for row in enrolments_to_renew(year.pk).filter(family=family):
        RenewalLine.objects.create(
            renewal=renewal, child=row.child, enrolment=row, offering=row.offering
        )


def asked_kinds(*, office: Client, home: Client, family: Any) -> Given:
    """The form of each kind of request, past the questions that come before it."""
    child = Custody.objects.filter(family=family, ends_on=None).order_by("pk").first()
    number = Invoice.objects.filter(family=family).values_list("number", flat=True).last()
    assert child is not None
    answers = f"enfant={child.child_id}&activite=cantine&facture={number}"
    slugs = [kind.slug for kind in all_kinds() if kind.on_portal]
    new, counter = "portal:request-new", "townhall:family-request-new"
    return {
        new: [(f"{reverse(new, args=[slug])}?{answers}", home) for slug in slugs]
        + [(reverse(new, args=[slug]), home) for slug in ("repas", "inscription", "facture")],
        counter: [
            (f"{reverse(counter, args=[family.code, slug])}?{answers}", office) for slug in slugs
        ],
        "townhall:request-kind": [(reverse("townhall:request-kind", args=["absence"]), office)],
    }


def offer_pages(office: Client) -> Given:
    """Each list of the offer, with the form of a new row and of its first one."""
    lists, news, edits = "townhall:catalogue-list", "townhall:catalogue-new", []
    for key, subject in SUBJECTS.items():
        if subject.detail_route:
            continue
        row = subject.rows().first()
        assert row is not None, key
        edits.append((reverse("townhall:catalogue-edit", args=[key, row.pk]), office))
    return {
        lists: [(reverse(lists, args=[key]), office) for key in SUBJECTS],
        news: [(reverse(news, args=[key]), office) for key in SUBJECTS],
        "townhall:catalogue-edit": edits,
    }


def sign_in_pages(*, now: datetime, user: Any, agent: Any) -> Given:
    """Links received by e-mail, a one-time password to change, a second factor asked."""
    given: Given = {}
    reset = PasswordLink.Purpose.RESET
    for face, owner in (("portal", user), ("townhall", agent)):
        token = create_link(user=owner, purpose=reset, email=owner.email, now=now)
        address = reverse(f"{face}:choose-password", args=[token])
        given[f"{face}:choose-password"] = [(address, Client())]
    given["portal:confirm-email"] = [(reverse("portal:confirm-email", args=["x" * 43]), Client())]
    letter = Guardian.objects.filter(user__must_change_password=True).first()
    assert letter is not None
    newcomer = make_agent(email="nouvelle@vincennes.example", now=now)
    newcomer.must_change_password = True
    newcomer.save(update_fields=["must_change_password"])
    for face, owner in (("portal", letter.user), ("townhall", newcomer)):
        assert owner is not None
        given[f"{face}:first-password"] = [(reverse(f"{face}:first-password"), client_of(owner))]
    careful = make_agent(Role.COUNTER, email="prudente@vincennes.example", now=now)
    Authenticator.objects.create(
        user=careful, name="téléphone", confirmed=True, sealed_secret="x", created_at=now
    )
    entering = Client()
    entering.post(reverse("townhall:sign-in"), {"username": careful.email, "password": PASSWORD})
    given["townhall:factor-code"] = [(reverse("townhall:factor-code"), entering)]
    return given


def wizard_pages() -> Given:
    """A file that a new family opens on line: each step answered, then the whole sent."""
    before, after = Client(), Client()
    steps = ("home", "adults", "children", "pieces", "summary")
    for visitor, email in ((before, "karim@example.fr"), (after, "nadia@example.fr")):
        visitor.post(reverse("portal:open-file"), {"email": email})
        body = Message.objects.filter(to=email).latest("pk").body
        link = re.search(r"/ouvrir-un-dossier/lien/[\w-]+/", body)
        assert link is not None
        visitor.get(link[0])
        for step, answers in WIZARD.items():
            visitor.post(reverse(f"portal:open-file-{step}"), answers | {"continuer": "1"})
    after.post(reverse("portal:open-file-summary"))
    return {
        **{
            f"portal:open-file-{step}": [(reverse(f"portal:open-file-{step}"), before)]
            for step in steps
        },
        "portal:open-file-sent": [(reverse("portal:open-file-sent"), after)],
    }


WIZARD: dict[str, dict[str, str]] = {
    "home": {"line1": "8 rue du Lavoir", "postcode": "94300", "city": "VINCENNES"},
    "adults": {
        "first_name": "Karim",
        "last_name": "Haddad",
        "relationship": "père",
        "email": "karim@example.fr",
    },
    "children": {
        "first_name": "Zoé",
        "last_name": "Haddad",
        "birth_on": "2022-03-04",
        "weeks": "ALL",
    },
}
