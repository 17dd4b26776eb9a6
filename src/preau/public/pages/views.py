"""What anyone may read, at 22:40 on a phone: what exists, when, for whom, at what price."""

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from preau.catalogue import queries as catalogue
from preau.catalogue.enums import BookingMode
from preau.enrolments.queries import required_documents
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import read_day, week_start
from preau.public.pages import words
from preau.public.pages.bookings import booking_openings
from preau.public.pages.caching import public_page
from preau.public.pages.menus import menu_week, shown_monday
from preau.public.pages.prices import deadline_example, price_examples, price_words
from preau.public.pages.soon import coming
from preau.town import queries as town
from preau.town.enums import PageSlug


def _cards(activities: list[Any], day: date) -> list[dict[str, Any]]:
    """The index of activities: one dict each, ready to read."""
    prices = price_words(activities, day)
    return [
        {
            "activity": a,
            "icon": words.ICONS.get(a.kind, "tent-tree"),
            "audience": words.audience(a),
            "hours": words.whole_hours(a.products.all()),
            "price": prices.get(a.slug, ""),
        }
        for a in activities
    ]


@public_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What exists, what comes soon, this week's menus, where to sign in."""
    now = utc_now()
    today = paris_day(now)
    page = town.get_page(PageSlug.HOME)
    return render(
        request,
        "public/pages/home.html",
        {
            "section": "home",
            "page": page,
            "body": town.render_markdown(page.body),
            "notices": town.current_notices(today),
            "soon": coming(now)[:5],
            "week": menu_week(shown_monday(today), today),
            "cards": _cards(list(catalogue.list_activities()), today),
            "services": list(town.list_services()),
        },
    )


@public_page()
@require_safe
def activities(request: HttpRequest) -> HttpResponse:
    """All the activities, by domain."""
    today = paris_day(utc_now())
    page = town.get_page(PageSlug.ACTIVITIES)
    groups: dict[str, list[dict[str, Any]]] = {}
    for card in _cards(list(catalogue.list_activities()), today):
        groups.setdefault(card["activity"].get_domain_display(), []).append(card)
    return render(
        request,
        "public/pages/activities.html",
        {
            "section": "public:activities",
            "page": page,
            "body": town.render_markdown(page.body),
            "groups": groups,
        },
    )


@public_page()
@require_safe
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    """One activity: for whom, when, at what price, how to register, where."""
    now = utc_now()
    today = paris_day(now)
    found = catalogue.get_activity(slug)
    if found is None:
        raise Http404
    year = catalogue.current_school_year(today)
    offerings = list(catalogue.offerings_for(year, activity_slug=slug))
    patterns = list(catalogue.patterns_of([o.pk for o in offerings]))
    by_days = found.booking_mode == BookingMode.DAYS
    return render(
        request,
        "public/pages/activity.html",
        {
            "bookings": booking_openings(offerings, now) if by_days else [],
            "section": "public:activities",
            "activity": found,
            "icon": words.ICONS.get(found.kind, "tent-tree"),
            "audience": words.audience(found),
            "when": words.when_words(catalogue.weekdays_by_kind(patterns)),
            "products": [
                (product, words.hours_words(product.starts_at, product.ends_at))
                for product in found.products.all()
            ],
            "description": town.render_markdown(found.description),
            "how_to": town.render_markdown(found.how_to_register),
            "documents": _documents(found.pk),
            "year": year,
            "sites": _sites(offerings, now),
            "prices": price_examples(found, today),
            "deadline": deadline_example(found, today) if by_days else None,
            "by_days": by_days,
        },
    )


def _documents(activity_id: int) -> list[str]:
    """The documents asked to enrol in this activity."""
    return [kind.name for kind in required_documents([activity_id]).get(activity_id, [])]


def _sites(offerings: list[Any], now: Any) -> list[dict[str, Any]]:
    """Each site with the state of its registration, in words."""
    found = []
    for offering in offerings:
        opens, closes = offering.registration_opens_at, offering.registration_closes_at
        state = catalogue.registration_state(opens, closes, offering.is_open, now)
        if state == "soon":
            tag = ("town", _("Inscriptions le %s") % french.instant(opens))
        elif state == "closed":
            tag = ("past", _("Inscriptions closes"))
        elif closes:
            tag = ("ok", _("Inscriptions jusqu’à %s") % french.deadline(closes))
        else:
            tag = ("ok", _("Inscriptions ouvertes"))
        found.append(
            {"offering": offering, "site": offering.establishment, "kind": tag[0], "state": tag[1]}
        )
    return found


@public_page()
@require_safe
def menus(request: HttpRequest) -> HttpResponse:
    """The canteen's menus, a week at a time: `?semaine=2026-11-23`."""
    today = paris_day(utc_now())
    asked = request.GET.get("semaine", "")
    try:
        monday = week_start(read_day(asked)) if asked else shown_monday(today)
    except ValueError:
        monday = shown_monday(today)
    # Far weeks hold nothing: do not let robots walk through the centuries.
    if abs((monday - today).days) > 400:
        raise Http404
    page = town.get_page(PageSlug.MENUS)
    return render(
        request,
        "public/pages/menus.html",
        {
            "section": "public:menus",
            "page": page,
            "body": town.render_markdown(page.body),
            "week": menu_week(monday, today),
            "previous": monday - timedelta(days=7),
            "next": monday + timedelta(days=7),
            "this_week": shown_monday(today),
        },
    )


def text_page(slug: PageSlug, section: str = "") -> Any:
    """A view for a page that is only text."""

    @public_page(300)
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        page = town.get_page(slug)
        return render(
            request,
            "public/pages/text.html",
            {
                "section": section,
                "page": page,
                "body": town.render_markdown(page.body),
                "services": list(town.list_services()) if slug == PageSlug.HELP else [],
            },
        )

    view.__doc__ = f"The public page « {slug.label} »."
    return view


help_page = text_page(PageSlug.HELP, "public:help")
legal = text_page(PageSlug.LEGAL)
accessibility = text_page(PageSlug.ACCESSIBILITY)
privacy = text_page(PageSlug.PRIVACY)
