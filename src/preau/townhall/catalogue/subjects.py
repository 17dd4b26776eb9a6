"""The lists of the offer: what each shows, sorts, filters, exports, and how a row is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms as django_forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from preau.catalogue import queries, services
from preau.catalogue.words import audience
from preau.kernel import french
from preau.townhall.catalogue import forms
from preau.ui.exports import Column

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Col(Column):
    """A column of the screen and of the export; `sort` is the order it gives, if it gives one."""

    sort: str = ""
    show: Callable[[Any], Any] | None = None  # how the screen says it, when not as the export
    css: str = ""

    def cell(self, row: Any) -> Any:
        return self.show(row) if self.show else self.of(row)

    @property
    def key(self) -> str:
        return self.sort.lstrip("-")


@dataclass(frozen=True)
class Subject:
    """One kind of row of the offer."""

    key: str
    title: Any
    new_label: Any
    rows: Callable[[], Rows]
    columns: tuple[Col, ...]
    filter_form: type[forms.FilterForm]
    form: type[django_forms.Form]
    initial: Callable[[Any], dict[str, Any]]
    save: Callable[..., Any]
    id_name: str
    delete: Callable[..., None]
    default_sort: str
    search: tuple[str, ...] = ()
    narrow: Callable[[Rows, dict[str, Any]], Rows] = field(default=lambda rows, values: rows)
    empty: Any = ""
    detail_route: str = ""  # a page of its own instead of the plain form

    def filtered(self, values: dict[str, Any]) -> Rows:
        """The rows that the filters keep, in the order asked."""
        rows = self.narrow(self.rows(), values)
        if values.get("q") and self.search:
            wanted = Q()
            for name in self.search:
                wanted |= Q(**{f"{name}__icontains": values["q"]})
            rows = rows.filter(wanted)
        sort = values.get("sort") or self.default_sort
        allowed = {column.key for column in self.columns if column.sort}
        if sort.lstrip("-") not in allowed:
            sort = self.default_sort
        return rows.order_by(sort, "pk")


def _fields(form: type[django_forms.Form]) -> Callable[[Any], dict[str, Any]]:
    return lambda row: {name: getattr(row, name) for name in form.base_fields}


def _by_year(path: str) -> Callable[[Rows, dict[str, Any]], Rows]:
    def narrow(rows: Rows, values: dict[str, Any]) -> Rows:
        if values.get("year"):
            rows = rows.filter(**{path: values["year"]})
        return rows

    return narrow


def _holidays(rows: Rows, values: dict[str, Any]) -> Rows:
    year = queries.list_school_years().filter(pk=values.get("year") or 0).first()
    if year:
        rows = rows.filter(starts_on__lte=year.ends_on, ends_on__gte=year.starts_on)
    return rows


def _closed_days(rows: Rows, values: dict[str, Any]) -> Rows:
    year = queries.list_school_years().filter(pk=values.get("year") or 0).first()
    if year:
        rows = rows.filter(day__range=(year.starts_on, year.ends_on))
    if values.get("what"):
        rows = rows.filter(is_public_holiday=values["what"] == "public")
    return rows


def _classes(rows: Rows, values: dict[str, Any]) -> Rows:
    rows = _by_year("school_year")(rows, values)
    return rows.filter(establishment=values["site"]) if values.get("site") else rows


def _offerings(rows: Rows, values: dict[str, Any]) -> Rows:
    rows = _classes(rows, values)
    return rows.filter(activity__kind=values["kind"]) if values.get("kind") else rows


def _equal(name: str) -> Callable[[Rows, dict[str, Any]], Rows]:
    return lambda rows, values: rows.filter(**{name: values[name]}) if values.get(name) else rows


def _where(row: Any) -> str:
    return row.establishment.name if row.establishment else "toute la ville"


def _window(row: Any) -> str:
    opens, closes = row.registration_opens_at, row.registration_closes_at
    if opens and closes:
        return f"{french.day_short(opens)} → {french.deadline(closes)}"
    if opens:
        return f"dès {french.instant(opens)}"
    return f"jusqu’à {french.deadline(closes)}" if closes else "toute l’année"


SUBJECTS: dict[str, Subject] = {
    subject.key: subject
    for subject in (
        Subject(
            key="annees",
            title=_("Années scolaires"),
            new_label=_("Ajouter une année"),
            rows=queries.list_school_years,
            columns=(
                Col(_("Année"), "label", sort="label"),
                Col(_("Premier jour"), "starts_on", sort="starts_on"),
                Col(_("Dernier jour"), "ends_on", sort="ends_on"),
            ),
            filter_form=forms.FilterForm,
            form=forms.SchoolYearForm,
            initial=_fields(forms.SchoolYearForm),
            save=services.save_school_year,
            id_name="school_year_id",
            delete=services.delete_school_year,
            default_sort="-starts_on",
            search=("label",),
            empty=_("Tout part d’une année scolaire : ajoutez celle en cours."),
            detail_route="townhall:catalogue-year",
        ),
        Subject(
            key="vacances",
            title=_("Vacances scolaires"),
            new_label=_("Ajouter des vacances"),
            rows=queries.list_holidays,
            columns=(
                Col(_("Vacances"), "name", sort="name"),
                Col(_("Premier jour sans école"), "starts_on", sort="starts_on"),
                Col(_("Dernier jour sans école"), "ends_on", sort="ends_on"),
                Col(_("Type"), "get_kind_display", sort="kind"),
            ),
            filter_form=forms.YearFilter,
            form=forms.HolidayForm,
            initial=_fields(forms.HolidayForm),
            save=services.save_holiday,
            id_name="holiday_id",
            delete=services.delete_holiday,
            default_sort="starts_on",
            search=("name",),
            narrow=_holidays,
            empty=_("Importez le calendrier depuis la page d’une année scolaire."),
        ),
        Subject(
            key="fermetures",
            title=_("Jours fériés et fermetures"),
            new_label=_("Ajouter une fermeture"),
            rows=queries.list_closed_days,
            columns=(
                Col(_("Jour"), "day", sort="day"),
                Col(_("Motif"), "reason", sort="reason"),
                Col(_("Où"), _where, sort="establishment__name"),
                Col(_("Férié"), "is_public_holiday", sort="is_public_holiday"),
            ),
            filter_form=forms.ClosedDayFilter,
            form=forms.ClosedDayForm,
            initial=_fields(forms.ClosedDayForm),
            save=services.save_closed_day,
            id_name="closed_day_id",
            delete=services.delete_closed_day,
            default_sort="day",
            search=("reason", "establishment__name"),
            narrow=_closed_days,
            empty=_("Les jours fériés arrivent avec le calendrier d’une année scolaire."),
        ),
        Subject(
            key="sites",
            title=_("Établissements"),
            new_label=_("Ajouter un établissement"),
            rows=queries.list_establishments,
            columns=(
                Col(_("Établissement"), "name", sort="name"),
                Col(_("Type"), "get_kind_display", sort="kind"),
                Col(_("Adresse"), "address"),
                Col(_("Téléphone"), "phone", show=lambda r: french.telephone(r.phone)),
                Col(_("Niveaux"), lambda r: ", ".join(r.levels)),
                Col(_("Ouvertures"), "offering_count", sort="offering_count", css="r"),
                Col(_("Ouvert"), "is_active", sort="is_active"),
            ),
            filter_form=forms.EstablishmentFilter,
            form=forms.EstablishmentForm,
            initial=_fields(forms.EstablishmentForm),
            save=services.save_establishment,
            id_name="establishment_id",
            delete=services.delete_establishment,
            default_sort="name",
            search=("name", "address", "uai"),
            narrow=_equal("kind"),
            empty=_("Écoles, centres de loisirs, crèches, gymnases."),
        ),
        Subject(
            key="classes",
            title=_("Classes"),
            new_label=_("Ajouter une classe"),
            rows=queries.list_classes,
            columns=(
                Col(_("Classe"), "name", sort="name"),
                Col(_("École"), "establishment.name", sort="establishment__name"),
                Col(_("Année"), "school_year.label", sort="school_year__label"),
                Col(_("Niveaux"), lambda r: ", ".join(r.levels)),
            ),
            filter_form=forms.SiteYearFilter,
            form=forms.ClassForm,
            initial=_fields(forms.ClassForm),
            save=services.save_class,
            id_name="school_class_id",
            delete=services.delete_class,
            default_sort="establishment__name",
            search=("name", "establishment__name"),
            narrow=_classes,
            empty=_("L’import d’ONDE crée les classes."),
        ),
        Subject(
            key="activites",
            title=_("Activités"),
            new_label=_("Ajouter une activité"),
            rows=queries.list_all_activities,
            columns=(
                Col(_("Activité"), "name", sort="name"),
                Col(_("Domaine"), "get_domain_display", sort="domain"),
                Col(_("Pour qui"), audience),
                Col(_("Réservation"), "get_booking_mode_display", sort="booking_mode"),
                Col(_("Service"), lambda r: r.service.name if r.service else ""),
                Col(_("Formules"), "product_count", sort="product_count", css="r"),
                Col(_("Ouvertures"), "offering_count", sort="offering_count", css="r"),
                Col(_("Publiée"), "is_published", sort="is_published"),
                Col(_("Ordre"), "position", sort="position", css="r"),
            ),
            filter_form=forms.ActivityFilter,
            form=forms.ActivityForm,
            initial=_fields(forms.ActivityForm),
            save=services.save_activity,
            id_name="activity_id",
            delete=services.delete_activity,
            default_sort="position",
            search=("name", "summary"),
            narrow=_equal("domain"),
            empty=_("Cantine, accueils, mercredis, vacances, sport, crèche."),
            detail_route="townhall:catalogue-activity",
        ),
        Subject(
            key="ouvertures",
            title=_("Ouvertures"),
            new_label=_("Ouvrir une activité sur un site"),
            rows=queries.list_all_offerings,
            columns=(
                Col(
                    _("Activité"),
                    lambda r: f"{r.activity.name}, {r.label}" if r.label else r.activity.name,
                    sort="activity__name",
                ),
                Col(_("Site"), "establishment.name", sort="establishment__name"),
                Col(_("Année"), "school_year.label", sort="school_year__label"),
                Col(_("Places"), "capacity", sort="capacity", css="r"),
                Col(_("Inscriptions"), _window, sort="registration_opens_at"),
                Col(_("Cases de semaine"), "pattern_count", sort="pattern_count", css="r"),
                Col(_("Ouverte"), "is_open", sort="is_open"),
            ),
            filter_form=forms.OfferingFilter,
            form=forms.OfferingForm,
            initial=forms.offering_initial,
            save=services.save_offering,
            id_name="offering_id",
            delete=services.delete_offering,
            default_sort="activity__name",
            search=("activity__name", "establishment__name", "label"),
            narrow=_offerings,
            empty=_("Une ouverture, c’est une activité, un site et une année scolaire."),
            detail_route="townhall:catalogue-offering",
        ),
    )
}
