"""«Les prochains jours» as HTML, written in one pass: a card per child, too many small parts for
a loop of includes and filters on the page that families open most."""

from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from preau.journeys.family_days import ChildDay, ChildDays
from preau.kernel import french
from preau.ui.escaping import esc
from preau.ui.icons import icon
from preau.ui.templatetags.parts import child_class, child_disc, tag


def draw_cards(cards: Iterable[ChildDays], *, planning: str, has_rights: bool) -> SafeString:
    """The children and their days. `planning` is the address where days are booked;
    `has_rights`: at least one child is enrolled somewhere."""
    nothing = _("Rien de réservé.") if has_rights else _("Pas d’inscription.")
    link = planning if has_rights else ""
    return mark_safe(  # noqa: S308 - every text is escaped where it is written
        "".join(_card(card, nothing, link) for card in cards)
    )


def _card(card: ChildDays, nothing: str, link: str) -> str:
    child = card.child
    name = esc(child.first_name)
    school = f'<p class="small soft">{esc(card.school)}</p>' if card.school else ""
    days = "".join(_day(day, child.first_name, nothing, link) for day in card.days)
    return (
        f'<article class="kid {child_class(child)}" aria-labelledby="kid-{child.pk}">'
        f'<div class="kid-h">{child_disc(child, size="lg")}<div><h3 id="kid-{child.pk}">{name}</h3>'
        f"{school}</div></div>\n<ol>{days}</ol></article>\n"
    )


def _day(day: ChildDay, name: str, nothing: str, link: str) -> str:
    near = f" {esc(day.nearness)}" if day.nearness else ""
    items = "".join(
        f'<li><span class="what">{icon(item.icon)}<span>{esc(item.label)}</span></span> '
        f"{tag(item.tag, item.word, icon=item.tag_icon)}</li>"
        for item in day.items
    )
    if not items:
        book = ""
        if link:
            whose = _("pour %(name)s, %(day)s") % {"name": name, "day": french.day(day.day)}
            book = f' <a href="{link}">{_("Réserver")}<span class="sr"> {esc(whose)}</span></a>'
        items = f'<li class="none">{nothing}{book}</li>'
    return (
        f'<li><time datetime="{day.day.isoformat()}"><b>{french.weekday(day.day)} {day.day.day}'
        f"</b>{near}</time><ul>{items}</ul></li>"
    )
