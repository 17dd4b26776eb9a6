"""The requests to come of the demo town, one by one: who asks what, and what becomes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from preau.billing.queries import family_invoices
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import EstablishmentKind
from preau.demo.town.days import Days
from preau.demo.town.population import DemoHome, Pupil
from preau.demo.town.story import Story
from preau.families import queries as families
from preau.kernel.enums import Channel


@dataclass(slots=True)
class Case:
    """One request to come: `fate` says what became of it, `days` how long ago it was sent."""

    kind: str
    pupil: Pupil
    payload: dict[str, Any]
    days: float
    fate: str = "open"
    pieces: tuple[str, ...] = ()
    channel: Channel = Channel.PORTAL
    message: str = ""
    is_demo: bool = False


def cases_of(story: Story, days: Days, homes: dict[str, DemoHome]) -> Iterator[Case]:
    """Some forty of them, of every kind and in every state; the demo’s own families too."""
    by_child = {habit.pupil.child_id: habit.pupil for habit in days.habits}
    demo = {home.family_id for home in homes.values()}
    pool = [pupil for pupil in by_child.values() if pupil.family_id not in demo]
    story.dice.shuffle(pool)
    take: Callable[[], Pupil] = pool.pop
    today = story.today

    def iso(offset: int) -> str:
        return (today + timedelta(days=offset)).isoformat()

    wednesday = story.offerings["mercredi", story.sites["centre-du-bois"]]
    other = story.offerings["mercredi", story.sites["centre-des-fosses"]]
    for rank, (offering, fate, ago) in enumerate(
        [
            (wednesday, "open", 2),
            (other, "open", 1),
            (wednesday, "open", 0.2),
            (wednesday, "waiting", 6),
            (other, "approved", 20),
            (wednesday, "approved", 26),
            (wednesday, "refused", 15),
            (other, "late", 16),
            (wednesday, "answered", 5),
        ]
    ):
        pupil = _not_enrolled(pool, days, "mercredi")
        yield Case(
            "ENROLMENT",
            pupil,
            {"offering": offering, "starts_on": iso(max(-int(ago), -10) + 10), "comment": ""},
            ago,
            fate,
            ("assurance", "fiche-sanitaire") if rank % 3 else ("assurance",),
            message="Il manque la fiche sanitaire de liaison, signée."
            if fate in ("waiting", "answered")
            else "",
        )
    for street, fate, ago, channel in [
        ("18 rue du Midi", "open", 1, Channel.PORTAL),
        ("4 rue Massue", "late", 13, Channel.PORTAL),
        ("27 avenue Aubert", "held", 3, Channel.PORTAL),
        ("9 rue de Strasbourg", "approved", 22, Channel.COUNTER),
        ("51 rue Defrance", "refused", 18, Channel.PORTAL),
    ]:
        yield Case(
            "ADDRESS_CHANGE",
            take(),
            {
                "line1": street,
                "line2": "",
                "postcode": "94300",
                "city": "Vincennes",
                "since": iso(-30),
            },
            ago,
            fate,
            ("justificatif-domicile",),
            channel,
        )
    yield Case(
        "ADDRESS_CHANGE",
        take(),
        {
            "line1": "6 rue de la République",
            "line2": "Bâtiment B",
            "postcode": "93100",
            "city": "Montreuil",
            "since": iso(-8),
        },
        4,
        "open",
        ("justificatif-domicile",),
        Channel.POST,
    )
    for value, fate, ago in [
        ("712", "open", 3),
        ("1 034", "late", 12),
        ("486", "approved", 17),
        ("955", "waiting", 8),
        ("640", "approved", 30),
    ]:
        yield Case(
            "QUOTIENT",
            take(),
            {"value": value, "source": "CAF", "starts_on": today.replace(day=1).isoformat()},
            ago,
            fate,
            ("attestation-quotient",),
            message="L’attestation date de l’an dernier : envoyez celle de cette année."
            if fate == "waiting"
            else "",
        )
    for first, fate, ago in [
        (-7, "open", 3),
        (-9, "held", 5),
        (-28, "approved", 26),
        (-33, "refused", 31),
    ]:
        pupil = take()
        yield Case(
            "ABSENCE",
            pupil,
            {
                "starts_on": iso(first),
                "ends_on": iso(first + 1),
                "reason": "ILLNESS",
                "comment": "",
            },
            ago,
            fate,
            ("certificat",),
        )
    for rank, (fate, ago) in enumerate([("open", 2), ("approved", 24), ("open", 0.4)]):
        pupil = take()
        child = families.get_children([pupil.child_id])[pupil.child_id]
        yield Case(
            "ADD_CHILD",
            pupil,
            {
                "first_name": ("Sacha", "Lou", "Milan")[rank],
                "last_name": child.last_name,
                "birth_on": iso(-(60 + 90 * rank)),
                "sex": "",
                "weeks": "ALL",
            },
            ago,
            fate,
            ("livret-famille",),
        )
    yield Case(
        "ADD_GUARDIAN",
        take(),
        {
            "civility": "M",
            "first_name": "Yanis",
            "last_name": "Guérin",
            "usage_name": "",
            "birth_on": "1986-04-12",
            "relationship": "beau-parent",
            "mobile_phone": "06 39 98 41 27",
            "email": "yanis.guerin@example.org",
        },
        2,
        "open",
        ("piece-identite",),
    )
    for fate, ago in [("open", 4), ("open", 11), ("approved", 25)]:
        pupil = take()
        yield Case(
            "CRECHE_PLACE",
            _no_child(pupil),
            {
                "expected_on": iso(70 + int(ago)),
                "wished_from": iso(200),
                "days": ["0", "1", "3", "4"],
                "arrives_at": "08:30",
                "leaves_at": "17:30",
                "establishment": story.sites["creche-des-tilleuls"],
                "comment": "",
            },
            ago,
            fate,
        )
    schools = list(catalogue.establishments(EstablishmentKind.SCHOOL))
    for fate, ago in [("open", 6), ("noted", 9)]:
        pupil = take()
        fitting = [s for s in schools if pupil.level in s.levels and s.pk != pupil.school_id]
        yield Case(
            "SCHOOL_ENROLMENT",
            pupil,
            {
                "school_year": story.school_year_id,
                "level": pupil.level,
                "establishment": fitting[0].pk,
                "previous_school": "",
                "comment": "Nous avons déménagé plus près de cette école.",
            },
            ago,
            fate,
            ("justificatif-domicile",),
            message="Secteur vérifié : dérogation à voir avec la direction.",
        )
    for text, fate, ago in [
        ("Sortie à vélo du mercredi", "open", 1),
        ("Goûter d’anniversaire", "open", 0.1),
        ("Horaires pendant les travaux", "approved", 14),
        ("Objet perdu", "withdrawn", 21),
    ]:
        yield Case(
            "QUESTION",
            take(),
            {
                "service": story.services["enfance"],
                "subject": text,
                "message": f"Bonjour, j’ai une question : {text.lower()}. Merci de votre réponse.",
            },
            ago,
            fate,
            message="Bonjour, l’accueil se fait par la porte du jardin jusqu’aux "
            "vacances. Bonne journée.",
        )
    for diet, ago in [("NO_PORK", 9), ("NO_MEAT", 19)]:
        yield Case("DIET", take(), {"diet": diet}, ago)
    for fate, ago in [("open", 1), ("approved", 16)]:
        yield Case("CARD", take(), {"reason": "DAMAGED"}, ago, fate)
    for rank, (fate, ago) in enumerate([("open", 2), ("open", 7)]):
        pupil = take()
        yield Case(
            "DOCUMENT",
            pupil,
            {"document": story.pieces["vaccinations"], "child": pupil.child_id},
            ago,
            fate,
            ("vaccinations",),
            Channel.PORTAL if rank else Channel.COUNTER,
        )
    yield from _demo_cases(story, by_child, homes, iso)
    yield from _disputes(story, pool)


def _demo_cases(
    story: Story, by_child: dict[int, Pupil], homes: dict[str, DemoHome], iso: Callable[[int], str]
) -> Iterator[Case]:
    three = homes["three"]
    children = {child: by_child[child] for child in three.children}
    eldest, youngest = children[three.children[0]], children[three.children[-1]]
    offering = story.offerings["natation", story.sites["piscine-du-dome"]]
    yield Case(
        "ENROLMENT",
        children[three.children[1]],
        {"offering": offering, "starts_on": iso(9), "comment": ""},
        4,
        "waiting",
        message="Il manque l’attestation de santé pour le sport de votre enfant.",
    )
    yield Case(
        "QUOTIENT",
        eldest,
        {"value": "845", "source": "CAF", "starts_on": story.rentree.isoformat()},
        50,
        "approved",
        ("attestation-quotient",),
    )
    yield Case(
        "QUESTION",
        youngest,
        {
            "service": story.services["enfance"],
            "subject": "Sieste après la cantine",
            "message": "Bonjour, Marine dort-elle après le repas, ou remonte-t-elle en classe ?",
        },
        20,
        "approved",
        message="Bonjour, les petits dorment dès 13 h 15, dans le dortoir de "
        "l’école. Elle a apporté son doudou.",
    )
    yield Case("DIET", youngest, {"diet": "NO_PORK"}, 33)
    for name in ("mother", "father"):
        home = homes[name]
        pupil = by_child[home.children[0]]
        mine = Pupil(pupil.child_id, home.family_id, pupil.school_id, pupil.level, pupil.birth_on)
        if name == "mother":
            yield Case(
                "CONTACT_CHANGE",
                mine,
                {
                    "guardian": home.guardian_id,
                    "mobile_phone": "06 39 98 17 60",
                    "home_phone": "",
                    "work_phone": "",
                    "email": home.email,
                },
                12,
            )
        else:
            yield Case(
                "QUOTIENT",
                mine,
                {"value": "1340", "source": "CAF", "starts_on": story.rentree.isoformat()},
                3,
                "open",
                ("attestation-quotient",),
            )


def _disputes(story: Story, pool: list[Pupil]) -> Iterator[Case]:
    wanted = ["open", "refused"]
    while wanted and pool:
        pupil = pool.pop()
        invoice = family_invoices(pupil.family_id).filter(kind="INVOICE", total_cents__gt=0).first()
        if invoice is not None:
            yield Case(
                "INVOICE_DISPUTE",
                pupil,
                {
                    "invoice": invoice.number,
                    "lines": [],
                    "reason": "Mon enfant était en sortie scolaire deux jours de ce mois.",
                },
                5,
                wanted.pop(),
            )


def _not_enrolled(pool: list[Pupil], days: Days, activity: str) -> Pupil:
    enrolled = {habit.pupil.child_id for habit in days.of(activity)}
    for index in range(len(pool) - 1, -1, -1):
        if pool[index].child_id not in enrolled:
            return pool.pop(index)
    raise LookupError(activity)


def _no_child(pupil: Pupil) -> Pupil:
    return Pupil(0, pupil.family_id, pupil.school_id, pupil.level, None)
