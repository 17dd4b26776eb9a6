"""The verbs that change the town; each leaves a line in the journal."""

import re
from datetime import date, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils.text import slugify

from preau.audit.services import record
from preau.kernel.actors import Actor
from preau.kernel.colours import Accent, TownColours, colour_problems
from preau.town import queries, rules
from preau.town.enums import PageSlug
from preau.town.errors import TownRefusal
from preau.town.models import Notice, Page, Service, Town

M = TypeVar("M", bound=models.Model)

IDENTITY = {
    "name",
    "subtitle",
    "insee_code",
    "postcodes",
    "city_names",
    "academy",
    "holiday_zone",
    "siret",
    "address",
    "phone",
    "email",
    "website",
}
COLOURS = {
    "colour_light",
    "colour_light_on",
    "colour_light_soft",
    "colour_dark",
    "colour_dark_on",
    "colour_dark_soft",
}
OTHERS = {"embed_origins", "initial_password_days", "silence_text", "appeal_text"}
ACCESS = {"second_factor", "agent_idle_minutes", "export_rows_a_day"}
CHANGEABLE = IDENTITY | COLOURS | OTHERS | ACCESS


def _cleaned(instance: M) -> M:
    """Check the whole row; raises TownRefusal with the sentences by field."""
    try:
        instance.full_clean()
    except ValidationError as error:
        fields = {"" if k == "__all__" else k: v for k, v in error.message_dict.items()}
        raise TownRefusal(fields=fields) from None
    return instance


def _locked_town() -> Town:
    Town.objects.get_or_create(pk=1, defaults={"name": "Préau"})
    return Town.objects.select_for_update().get(pk=1)


def _forget() -> None:
    queries.forget_town()
    transaction.on_commit(queries.forget_town)


@transaction.atomic
def update_town(*, now: datetime, actor: Actor, **changes: Any) -> Town:
    """Change some fields of the town (those of CHANGEABLE), creating it if need be.

    Colours are refused as a set when one of them could not be read (see `kernel.colours`);
    origins are brought to «https://host». Raises TownRefusal, with `fields`.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"not a setting of the town: {', '.join(sorted(unknown))}")
    town = _locked_town()
    if "embed_origins" in changes:
        changes["embed_origins"] = _origins(changes["embed_origins"])
    if "postcodes" in changes:
        try:
            changes["postcodes"] = rules.clean_postcodes(changes["postcodes"])
        except TownRefusal as refusal:
            raise TownRefusal(fields={"postcodes": [str(refusal)]}) from None
    if "address" in changes:
        changes["address"] = rules.french_spaces(changes["address"])
    for name in COLOURS & set(changes):
        changes[name] = str(changes[name]).strip().lower()
    if not re.fullmatch(r"[ABC]", changes.get("holiday_zone", town.holiday_zone)):
        raise TownRefusal(fields={"holiday_zone": ["La zone est A, B ou C."]})
    changed = sorted(k for k, v in changes.items() if getattr(town, k) != v)
    for name, value in changes.items():
        setattr(town, name, value)
    if COLOURS & set(changes):
        problems = colour_problems(colours_of(town))
        if problems:
            raise TownRefusal(fields={"": problems}, code="contrast")
    _cleaned(town).save()
    if changed:
        record(
            actor=actor,
            now=now,
            action="town.update",
            object_type="town",
            object_id=1,
            summary=f"Réglages de la ville modifiés : {_labels(changed)}",
            data={"fields": changed},
        )
    _forget()
    return town


def colours_of(town: Town) -> TownColours:
    """The town's two sets of colours, as the kernel judges them."""
    return TownColours(
        light=Accent(town.colour_light, town.colour_light_on, town.colour_light_soft),
        dark=Accent(town.colour_dark, town.colour_dark_on, town.colour_dark_soft),
    )


def _labels(names: list[str]) -> str:
    known = {field.name: str(field.verbose_name) for field in Town._meta.fields}
    plain = ["couleurs" if name in COLOURS else known[name] for name in names]
    return ", ".join(dict.fromkeys(plain))


def _origins(given: list[str]) -> list[str]:
    kept: list[str] = []
    problems: list[str] = []
    for text in given:
        if not text.strip():
            continue
        try:
            origin = rules.normal_origin(text)
        except TownRefusal as refusal:
            problems.append(str(refusal))
        else:
            if origin not in kept:
                kept.append(origin)
    if problems:
        raise TownRefusal(fields={"embed_origins": problems})
    return kept


@transaction.atomic
def set_logo(*, content: bytes | None, now: datetime, actor: Actor) -> Town:
    """Keep this picture as the town's logo, or take the logo away (None). Raises TownRefusal."""
    town = _locked_town()
    if content is None:
        town.logo, town.logo_type = None, ""
    else:
        town.logo, town.logo_type = rules.checked_logo(content)
    town.save(update_fields=["logo", "logo_type", "updated_at"])
    record(
        actor=actor,
        now=now,
        action="town.logo",
        object_type="town",
        object_id=1,
        summary="Logo de la ville retiré" if content is None else "Logo de la ville changé",
    )
    _forget()
    return town


@transaction.atomic
def update_page(
    *,
    slug: str,
    title: str,
    body: str,
    now: datetime,
    actor: Actor,
    seen_at: datetime | None = None,
) -> Page:
    """Write a public page. Raises TownRefusal when someone wrote it after `seen_at`."""
    page = Page.objects.select_for_update().filter(slug=slug).first() or Page(slug=PageSlug(slug))
    if page.pk and seen_at and page.updated_at > seen_at:
        raise TownRefusal(
            f"{page.updated_by or 'Un autre agent'} a enregistré cette page pendant que vous "
            "l’écriviez. Votre texte est ci-dessous : comparez avant d’enregistrer à nouveau.",
            code="stale",
        )
    page.title, page.body, page.updated_by = title.strip(), body.replace("\r\n", "\n"), actor.label
    _cleaned(page).save()
    record(
        actor=actor,
        now=now,
        action="town.page",
        object_type="page",
        object_id=page.pk,
        summary=f"Page publique « {page.get_slug_display()} » modifiée",
    )
    return page


@transaction.atomic
def save_service(
    *,
    now: datetime,
    actor: Actor,
    service_id: int | None = None,
    name: str,
    slug: str = "",
    phone: str = "",
    email: str = "",
    address: str = "",
    opening_hours: str = "",
    position: int = 0,
) -> Service:
    """Create a service of the town hall, or change one. Raises TownRefusal."""
    service = Service.objects.select_for_update().get(pk=service_id) if service_id else Service()
    service.name, service.phone, service.email = name, phone, email
    service.address, service.position = address, position
    service.opening_hours = rules.french_spaces(opening_hours)
    service.slug = slug or service.slug or slugify(name)[:50]
    _cleaned(service).save()
    record(
        actor=actor,
        now=now,
        action="town.service",
        object_type="service",
        object_id=service.pk,
        summary=f"Service « {name} » {'modifié' if service_id else 'créé'}",
    )
    return service


@transaction.atomic
def delete_service(*, service_id: int, now: datetime, actor: Actor) -> None:
    """Delete a service that nothing names. Raises TownRefusal."""
    service = Service.objects.get(pk=service_id)
    try:
        service.delete()
    except ProtectedError:
        raise TownRefusal(
            f"Le service « {service.name} » suit des activités : changez-les de service d’abord.",
            code="used",
        ) from None
    record(
        actor=actor,
        now=now,
        action="town.service_deleted",
        object_type="service",
        object_id=service_id,
        summary=f"Service « {service.name} » supprimé",
    )


@transaction.atomic
def save_notice(
    *,
    title: str,
    starts_on: date,
    ends_on: date,
    now: datetime,
    actor: Actor,
    body: str = "",
    notice_id: int | None = None,
) -> Notice:
    """Announce something between two days, both included, or change it. Raises TownRefusal."""
    notice = Notice.objects.select_for_update().get(pk=notice_id) if notice_id else Notice()
    notice.title, notice.body = title, body
    notice.starts_on, notice.ends_on = starts_on, ends_on
    _cleaned(notice).save()
    record(
        actor=actor,
        now=now,
        action="town.notice",
        object_type="notice",
        object_id=notice.pk,
        summary=f"Annonce « {title} » {'modifiée' if notice_id else 'publiée'}",
    )
    return notice


@transaction.atomic
def delete_notice(*, notice_id: int, now: datetime, actor: Actor) -> None:
    """Take an announcement away."""
    notice = Notice.objects.get(pk=notice_id)
    notice.delete()
    record(
        actor=actor,
        now=now,
        action="town.notice_deleted",
        object_type="notice",
        object_id=notice_id,
        summary=f"Annonce « {notice.title} » supprimée",
    )
