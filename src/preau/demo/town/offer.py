"""Sites, activities, their weeks and the slots of the year; menus."""

import json
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from preau.bookings.services import open_slots
from preau.catalogue import queries as catalogue
from preau.catalogue import services as offer
from preau.catalogue.enums import (
    ActivityKind,
    BookingMode,
    Domain,
    EstablishmentKind,
    Level,
    PeriodKind,
    Supervision,
)
from preau.demo.town.story import Story, utc

MENUS = Path(__file__).parents[1] / "data" / "menus.json"
NURSERY = [Level.TPS, Level.PS, Level.MS, Level.GS]
ELEMENTARY = [Level.CP, Level.CE1, Level.CE2, Level.CM1, Level.CM2, Level.ULIS]
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
SCHOOL_WEEK = (MONDAY, TUESDAY, THURSDAY, FRIDAY)
WEEK = range(5)

SCHOOL_HOURS = "Lundi, mardi, jeudi et vendredi, 8 h 30 à 11 h 40 et 13 h 40 à 16 h 30"
CENTRE_HOURS = "Mercredi et vacances, 8 h à 18 h"

# slug: kind, name, UAI, address, phone, hours, levels
SITES: dict[str, tuple[str, str, str, str, str, str, list[Any]]] = {
    "maternelle-les-platanes": (
        "SCHOOL",
        "École maternelle Les Platanes",
        "0940001A",
        "14 rue Daumesnil",
        "0199002101",
        SCHOOL_HOURS,
        NURSERY,
    ),
    "maternelle-les-marronniers": (
        "SCHOOL",
        "École maternelle Les Marronniers",
        "0940002B",
        "6 rue de l’Égalité",
        "0199002102",
        SCHOOL_HOURS,
        NURSERY,
    ),
    "maternelle-petit-bois": (
        "SCHOOL",
        "École maternelle Le Petit Bois",
        "0940003C",
        "31 avenue Aubert",
        "0199002103",
        SCHOOL_HOURS,
        NURSERY,
    ),
    "elementaire-simone-veil": (
        "SCHOOL",
        "École élémentaire Simone-Veil",
        "0940004D",
        "16 rue Daumesnil",
        "0199002104",
        SCHOOL_HOURS,
        ELEMENTARY,
    ),
    "elementaire-jacques-prevert": (
        "SCHOOL",
        "École élémentaire Jacques-Prévert",
        "0940005E",
        "8 rue de l’Égalité",
        "0199002105",
        SCHOOL_HOURS,
        ELEMENTARY,
    ),
    "elementaire-marie-curie": (
        "SCHOOL",
        "École élémentaire Marie-Curie",
        "0940006F",
        "33 avenue Aubert",
        "0199002106",
        SCHOOL_HOURS,
        ELEMENTARY,
    ),
    "elementaire-jules-verne": (
        "SCHOOL",
        "École élémentaire Jules-Verne",
        "0940007G",
        "2 rue Massue",
        "0199002107",
        SCHOOL_HOURS,
        ELEMENTARY,
    ),
    "centre-du-bois": (
        "LEISURE_CENTRE",
        "Centre de loisirs du Bois",
        "",
        "1 route de la Pyramide",
        "0199002111",
        CENTRE_HOURS,
        [],
    ),
    "centre-des-fosses": (
        "LEISURE_CENTRE",
        "Centre de loisirs des Fossés",
        "",
        "5 cours des Maréchaux",
        "0199002112",
        CENTRE_HOURS,
        [],
    ),
    "creche-des-tilleuls": (
        "CRECHE",
        "Crèche des Tilleuls",
        "",
        "22 rue des Tilleuls",
        "0199002121",
        "Du lundi au vendredi, 7 h 45 à 18 h 45",
        [],
    ),
    "gymnase-leo-lagrange": (
        "SPORTS",
        "Gymnase Léo-Lagrange",
        "",
        "3 rue du Maréchal",
        "0199002131",
        "Du lundi au samedi, 8 h à 22 h",
        [],
    ),
    "piscine-du-dome": (
        "SPORTS",
        "Piscine du Dôme",
        "",
        "20 avenue Antoine-Quinson",
        "0199002132",
        "Tous les jours, 9 h à 20 h",
        [],
    ),
}
NURSERIES = [slug for slug in SITES if slug.startswith("maternelle")]
ELEMENTARIES = [slug for slug in SITES if slug.startswith("elementaire")]
CENTRES = ["centre-du-bois", "centre-des-fosses"]

TO_ASK = (
    "Demandez l’inscription dans votre espace, avec les pièces de la liste. Une fois votre enfant "
    "inscrit, réservez ses jours : **être inscrit n’est pas encore être réservé**."
)

ACTIVITIES: list[dict[str, Any]] = [
    {
        "slug": "cantine",
        "name": "Restauration scolaire",
        "kind": ActivityKind.CANTEEN,
        "domain": Domain.AROUND_SCHOOL,
        "booking_mode": BookingMode.DAYS,
        "service": "enfance",
        "summary": "Un repas préparé par la cuisine centrale, dans chaque école, les quatre jours "
        "de classe.",
        "description": "Deux services entre 11 h 40 et 13 h 40. Les enfants de maternelle sont "
        "servis à table ; les plus grands se servent. Repas sans porc ou sans viande sur demande ; "
        "allergies : panier-repas avec un projet d’accueil individualisé (PAI).",
        "levels": [*NURSERY, *ELEMENTARY],
        "is_automatic": True,
        "products": [("repas", "Repas", "repas", "repas", time(11, 40), time(13, 40))],
    },
    {
        "slug": "matin",
        "name": "Accueil du matin",
        "kind": ActivityKind.MORNING_CARE,
        "domain": Domain.AROUND_SCHOOL,
        "booking_mode": BookingMode.DAYS,
        "service": "enfance",
        "summary": "Avant la classe, dans l’école, dès 7 h 30.",
        "description": "Arrivée libre entre 7 h 30 et 8 h 15. Jeux calmes, lecture, puis chaque "
        "enfant est conduit dans sa classe.",
        "levels": [*NURSERY, *ELEMENTARY],
        "is_automatic": True,
        "products": [("seance", "Séance du matin", "matin", "matins", time(7, 30), time(8, 30))],
    },
    {
        "slug": "soir",
        "name": "Accueil du soir",
        "kind": ActivityKind.EVENING_CARE,
        "domain": Domain.AROUND_SCHOOL,
        "booking_mode": BookingMode.DAYS,
        "service": "enfance",
        "summary": "Après la classe, dans l’école, jusqu’à 18 h 30 : goûter, jeux, étude.",
        "description": "Le goûter est fourni. Étude surveillée à partir du CP, de 17 h à 18 h. "
        "Départ libre à partir de 17 h 30, avec une personne que vous avez désignée.",
        "levels": [*NURSERY, *ELEMENTARY],
        "is_automatic": True,
        "products": [("seance", "Séance du soir", "soir", "soirs", time(16, 30), time(18, 30))],
    },
    {
        "slug": "mercredi",
        "name": "Centre de loisirs du mercredi",
        "kind": ActivityKind.WEDNESDAY,
        "domain": Domain.AROUND_SCHOOL,
        "booking_mode": BookingMode.DAYS,
        "service": "enfance",
        "min_age": 3,
        "max_age": 12,
        "summary": "La journée avec repas, ou la matinée, dans deux centres.",
        "description": "Une équipe diplômée, un projet par trimestre, des sorties au bois. "
        "Arrivée de 8 h à 9 h 30, départ de 17 h à 18 h.",
        "products": [
            ("journee", "Journée avec repas", "journée", "journées", time(8), time(18)),
            ("demi", "Demi-journée sans repas", "matinée", "matinées", time(8), time(12)),
        ],
    },
    {
        "slug": "vacances",
        "name": "Centre de loisirs des vacances",
        "kind": ActivityKind.HOLIDAY_CENTRE,
        "domain": Domain.HOLIDAYS,
        "booking_mode": BookingMode.DAYS,
        "service": "enfance",
        "min_age": 3,
        "max_age": 12,
        "summary": "Chaque jour des vacances scolaires, repas et goûter compris.",
        "description": "Un thème par semaine, une grande sortie, des veillées en été. Les jours "
        "se réservent jusqu’à quinze jours avant le début des vacances.",
        "products": [("journee", "Journée avec repas", "journée", "journées", time(8), time(18))],
    },
    {
        "slug": "judo",
        "name": "École municipale de judo",
        "kind": ActivityKind.SPORT,
        "domain": Domain.SPORTS,
        "booking_mode": BookingMode.WHOLE_PERIOD,
        "service": "sports",
        "min_age": 6,
        "max_age": 12,
        "summary": "Une séance par semaine, toute l’année, avec un professeur diplômé.",
        "description": "Le kimono est prêté la première année. Passage de grade en juin.",
        "products": [("seance", "Séance de judo", "séance", "séances", time(17), time(18))],
    },
    {
        "slug": "natation",
        "name": "École municipale de natation",
        "kind": ActivityKind.SPORT,
        "domain": Domain.SPORTS,
        "booking_mode": BookingMode.WHOLE_PERIOD,
        "service": "sports",
        "min_age": 6,
        "max_age": 12,
        "summary": "Savoir nager en sécurité : une séance par semaine, par petits groupes.",
        "description": "Trois groupes de niveau. Bonnet obligatoire, serviette et maillot fournis "
        "par la famille.",
        "products": [("seance", "Séance de natation", "séance", "séances", time(9), time(10))],
    },
    {
        # What the rulebook charges once a year to who does judo or swimming: nobody books it.
        "slug": "adhesion-sports",
        "name": "Adhésion aux écoles municipales de sport",
        "kind": ActivityKind.SPORT,
        "domain": Domain.SPORTS,
        "booking_mode": BookingMode.WHOLE_PERIOD,
        "service": "sports",
        "summary": "Une fois par famille et par année scolaire, quel que soit le nombre d’enfants.",
        "is_published": False,
        "products": [],
    },
    {
        "slug": "creche",
        "name": "Crèche municipale",
        "kind": ActivityKind.CRECHE,
        "domain": Domain.EARLY_CHILDHOOD,
        "booking_mode": BookingMode.CONTRACT,
        "service": "petite-enfance",
        "max_age": 3,
        "summary": "Quarante-cinq berceaux, du lundi au vendredi, par contrat à la semaine.",
        "description": "La place se demande dès la grossesse ; le rang dépend de la date de la "
        "demande. Le tarif suit le barème national (PSU) : un taux d’effort sur les ressources.",
        "how_to_register": "Demandez une place dans votre espace, ou au service petite enfance. "
        "Le rang dans la liste se lit dans votre espace.",
        "products": [
            ("heure", "Heure d’accueil", "heure", "heures", time(7, 45), time(18, 45)),
        ],
    },
]


def build_offer(story: Story) -> None:
    """Everything that families are offered, from the sites to the slots of the year."""
    by = {"now": story.opening, "actor": story.town_hall}
    for year in (story.rentree.year - 1, story.rentree.year):
        row = offer.save_school_year(starts_on=date(year, 9, 1), **by)
        offer.import_calendar(school_year=row, **by)
    story.school_year_id = row.pk
    for slug, (kind, name, uai, address, phone, hours, levels) in SITES.items():
        site = offer.save_establishment(
            name=name,
            kind=EstablishmentKind(kind),
            slug=slug,
            uai=uai,
            address=f"{address}, 94300 Vincennes",
            phone=phone,
            opening_hours=hours,
            levels=[str(level) for level in levels],
            **by,
        )
        story.sites[slug] = site.pk
    products = _save_activities(story, by)
    _save_offerings(story, products, by)
    offer.save_closed_day(
        day=date(story.rentree.year + 1, 5, 7), reason="Pont de l’Ascension", **by
    )
    open_slots(
        offering_ids=story.offerings.values(),
        first=story.first,
        last=date(story.rentree.year + 1, 8, 31),
        **by,
    )
    _write_menus(story)


def _save_activities(story: Story, by: dict[str, Any]) -> dict[tuple[str, str], int]:
    products = {}
    for position, given in enumerate(ACTIVITIES):
        values = {key: value for key, value in given.items() if key not in ("products", "service")}
        values["levels"] = [str(level) for level in values.get("levels", [])]
        values.setdefault("how_to_register", TO_ASK)
        activity = offer.save_activity(
            position=position, service_id=story.services[given["service"]], **values, **by
        )
        story.activities[given["slug"]] = activity.pk
        for rank, (slug, name, unit, units, starts, ends) in enumerate(given["products"]):
            product = offer.save_product(
                activity_id=activity.pk,
                slug=slug,
                name=name,
                unit_name=unit,
                unit_plural=units,
                starts_at=starts,
                ends_at=ends,
                position=rank,
                **by,
            )
            products[given["slug"], slug] = product.pk
    return products


def _save_offerings(story: Story, products: dict[tuple[str, str], int], by: dict[str, Any]) -> None:
    def open_at(
        activity: str, site: str, capacity: int, weeks: dict[str, tuple[Any, Any]], **places: Any
    ) -> None:
        offering = offer.save_offering(
            activity_id=story.activities[activity],
            establishment_id=story.sites[site],
            school_year_id=story.school_year_id,
            capacity=capacity,
            registration_opens_at=utc(story.first - timedelta(days=100), 9),
            **places,
            **by,
        )
        story.offerings[activity, story.sites[site]] = offering.pk
        patterns = {
            (products[activity, product], kind, day): places
            for kind, (days, places_by_product) in weeks.items()
            for product, places in places_by_product.items()
            for day in days
        }
        offer.set_weekly_patterns(offering_id=offering.pk, patterns=patterns, **by)

    school, wednesday = PeriodKind.SCHOOL_DAYS.value, PeriodKind.WEDNESDAYS.value
    small, summer = PeriodKind.SMALL_HOLIDAYS.value, PeriodKind.SUMMER.value
    for site in (*NURSERIES, *ELEMENTARIES):
        small_school = site in NURSERIES
        open_at(
            "cantine",
            site,
            420 if small_school else 520,
            {school: (SCHOOL_WEEK, {"repas": None})},
            kept=6,
        )
        open_at(
            "matin", site, 90 if small_school else 110, {school: (SCHOOL_WEEK, {"seance": None})}
        )
        open_at(
            "soir", site, 190 if small_school else 210, {school: (SCHOOL_WEEK, {"seance": None})}
        )
    for site, places in zip(CENTRES, (182, 150), strict=True):
        open_at(
            "mercredi",
            site,
            places,
            {wednesday: ((WEDNESDAY,), {"journee": None, "demi": 40})},
            # The half day takes a place of the full day; the town has a PEDT.
            shares_places=True,
            supervision=Supervision.TERM_PEDT.value,
            adults=places // 8,
            kept=2,
        )
        open_at(
            "vacances",
            site,
            places // 2,
            {small: (WEEK, {"journee": None}), summer: (WEEK, {"journee": None})},
            supervision=Supervision.HOLIDAYS.value,
            adults=places // 15,
            young_capacity=places // 4,
            kept=3,
        )
    open_at("judo", "gymnase-leo-lagrange", 60, {school: ((TUESDAY,), {"seance": None})})
    open_at("natation", "piscine-du-dome", 48, {wednesday: ((WEDNESDAY,), {"seance": None})})
    open_at("creche", "creche-des-tilleuls", 45, {})


def _write_menus(story: Story) -> None:
    """Two weeks behind, this one and four ahead; the same twenty menus come round again."""
    menus = json.loads(MENUS.read_text(encoding="utf-8"))
    monday = story.today - timedelta(days=story.today.weekday() + 14)
    info = catalogue.day_calendar(monday, monday + timedelta(weeks=7))
    days = [
        day
        for day, what in sorted(info.items())
        if what.period_kind == PeriodKind.SCHOOL_DAYS and not what.closed_reason
    ]
    shift = (monday - date(2020, 1, 6)).days // 7 * 4
    written = {day: menus[(shift + rank) % len(menus)] for rank, day in enumerate(days)}
    if written:
        offer.save_week_menus(days=written, now=story.opening, actor=story.town_hall)


__all__ = ["CENTRES", "ELEMENTARIES", "NURSERIES", "SITES", "build_offer"]
