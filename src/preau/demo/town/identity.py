"""The town's name, its services, its pages and its announcements."""

from datetime import timedelta
from pathlib import Path

from preau.demo.town.story import Story
from preau.town import services as town
from preau.town.enums import PageSlug

PAGES = Path(__file__).parents[1] / "data" / "pages"
TOWN_HALL = "Hôtel de ville, 53 bis rue de Fontenay, 94300 Vincennes"

SERVICES = {
    "guichet-famille": (
        "Guichet famille",
        "0199002010",
        "guichet.famille@vincennes.example",
        "Hôtel de ville, rez-de-chaussée\n53 bis rue de Fontenay",
        "Du lundi au vendredi, 8 h 30 à 12 h et 13 h 30 à 17 h 30\nLe samedi, 9 h à 12 h",
    ),
    "affaires-scolaires": (
        "Affaires scolaires",
        "0199002020",
        "scolaire@vincennes.example",
        "Hôtel de ville, 1er étage\n53 bis rue de Fontenay",
        "Du lundi au vendredi, 8 h 30 à 12 h et 13 h 30 à 17 h 30",
    ),
    "enfance": (
        "Enfance et loisirs",
        "0199002030",
        "enfance@vincennes.example",
        "Maison de l’enfance\n12 avenue du Château",
        "Du lundi au vendredi, 9 h à 12 h et 14 h à 17 h",
    ),
    "petite-enfance": (
        "Petite enfance",
        "0199002040",
        "petite.enfance@vincennes.example",
        "Maison de l’enfance\n12 avenue du Château",
        "Lundi, mardi et jeudi, 9 h à 12 h et 14 h à 17 h",
    ),
    "regie": (
        "Régie et facturation",
        "0199002050",
        "regie@vincennes.example",
        "Hôtel de ville, rez-de-chaussée\n53 bis rue de Fontenay",
        "Du lundi au vendredi, 8 h 30 à 12 h",
    ),
    "sports": (
        "Sports",
        "0199002060",
        "sports@vincennes.example",
        "Gymnase Léo-Lagrange\n3 rue du Maréchal",
        "Du lundi au vendredi, 14 h à 18 h",
    ),
}


def write_identity(story: Story) -> None:
    """Name the town, open its services, write its pages."""
    by = {"now": story.opening, "actor": story.town_hall}
    town.update_town(
        name="Vincennes",
        subtitle="Espace familles, démonstration",
        insee_code="94080",
        postcodes=["94300"],
        city_names=["VINCENNES"],
        academy="Créteil",
        holiday_zone="C",
        siret="21940080300014",
        address=TOWN_HALL,
        phone="0199002000",
        email="espace.familles@vincennes.example",
        website="https://www.vincennes.example",
        embed_origins=["https://www.vincennes.example"],
        **by,
    )
    for position, (slug, (name, phone, email, address, hours)) in enumerate(SERVICES.items()):
        service = town.save_service(
            name=name,
            slug=slug,
            phone=phone,
            email=email,
            address=address,
            opening_hours=hours,
            position=position,
            **by,
        )
        story.services[slug] = service.pk
    for path in sorted(PAGES.glob("*.md")):
        title, _, body = path.read_text(encoding="utf-8").partition("\n")
        town.update_page(
            slug=PageSlug(path.stem), title=title.removeprefix("# "), body=body.strip(), **by
        )
    _announce(story)


def _announce(story: Story) -> None:
    today = story.today
    monday = today - timedelta(days=today.weekday())
    town.save_notice(
        title="Ceci est une démonstration",
        body="Les familles, les agents et les paiements sont inventés : essayez tout sans crainte. "
        "Les comptes d’essai sont à l’adresse /demo/.",
        starts_on=story.first,
        ends_on=today + timedelta(days=365),
        now=story.now,
        actor=story.town_hall,
    )
    town.save_notice(
        title="Réunion des familles sur les menus",
        body="Jeudi à 18 h 30, salle des fêtes : les parents délégués et la cuisine centrale "
        "préparent les menus du trimestre.",
        starts_on=today - timedelta(days=2),
        ends_on=monday + timedelta(days=10),
        now=story.now,
        actor=story.town_hall,
    )
