"""For each route of the URL table, addresses that name real objects of the database.

    for address, family_id in addresses(route): ...        # the latest first

A route's arguments are read from one model, chosen by the longest beginning of its pattern: a new
page under a known address finds its objects alone; one that names something new needs its line.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import F
from django.urls import NoReverseMatch, reverse

from tests.harness.routes import Route

# How many objects of a kind are tried before the route is said to have none.
MOST = 40

FAMILY, CODE = "mairie/dossiers/<str:code>/", "mairie/dossiers/<slug:code>/"
CHILD = {"code": "family__code", "child_id": "child"}
ABSENCE = {"code": "family__code", "reference": "reference"}
ACCOUNT = {"code": "family__code", "office": "cash_office__code"}
PK = {"pk": "pk"}

# The beginning of a pattern -> the model, and where each argument is read on it.
MODELS: dict[str, tuple[str, dict[str, str]]] = {
    # The town hall's side.
    "mairie/agents/<int:agent_id>/": ("accounts.User", {"agent_id": "pk"}),
    "mairie/messages/": ("messaging.Campaign", {"campaign_id": "pk"}),
    FAMILY: ("families.Family", {"code": "code"}),
    CODE: ("families.Family", {"code": "code"}),
    f"{FAMILY}adultes/<": (
        "families.Guardian",
        {"code": "family__code", "guardian_id": "pk"},
    ),
    f"{FAMILY}enfants/<": ("families.Custody", CHILD),
    f"{FAMILY}cartes/enfants/<": ("families.Custody", CHILD),
    f"{FAMILY}actes/": ("journeys.FamilyAct", {"code": "family__code", "act_id": "pk"}),
    f"{FAMILY}renouvellement/": ("enrolments.Renewal", {"code": "family__code"}),
    f"{FAMILY}demandes/brouillon/": ("casework.Draft", {"code": "family__code", "draft_id": "pk"}),
    f"{FAMILY}reservations/recus/": ("bookings.Submission", ABSENCE),
    f"{FAMILY}reservations/places/": (
        "bookings.Booking",
        {"code": "family__code", "booking_id": "pk"},
    ),
    f"{FAMILY}absences/<": ("attendance.AbsenceReport", ABSENCE),
    f"{FAMILY}cartes/<": (
        "attendance.Card",
        {"code": "child__custodies__family__code", "card_id": "pk"},
    ),
    f"{CODE}compte/<": ("billing.FamilyAccount", ACCOUNT),
    f"{CODE}compte/encaisser/": ("billing.FamilyAccount", ACCOUNT),
    f"{CODE}compte/rembourser/": ("billing.FamilyAccount", ACCOUNT),
    f"{CODE}mandat/": ("billing.FamilyAccount", ACCOUNT),
    f"{CODE}echeancier/": ("billing.Invoice", {"code": "family__code", "number": "number"}),
    "mairie/lettres/": ("families.LetterBatch", {"batch_id": "pk"}),
    "mairie/demandes/": ("casework.Request", {"reference": "reference"}),
    "mairie/pieces/": ("enrolments.ProvidedDocument", {"document_id": "pk"}),
    "mairie/reglages/pieces/": ("enrolments.DocumentKind", {"slug": "slug"}),
    "mairie/reglages/pieces-demandees/": ("catalogue.Activity", {"slug": "slug"}),
    "mairie/reglages/services/": ("town.Service", PK),
    "mairie/reglages/pages/": ("town.Page", {"slug": "slug"}),
    "mairie/reglages/annonces/": ("town.Notice", PK),
    "mairie/offre/annees/": ("catalogue.SchoolYear", PK),
    "mairie/offre/activites/": ("catalogue.Activity", {"pk": "pk", "activity_id": "pk"}),
    "mairie/offre/activites/<int:activity_id>/formules/<": (
        "catalogue.Product",
        {"activity_id": "activity", "pk": "pk"},
    ),
    "mairie/offre/ouvertures/": ("catalogue.Offering", PK),
    "mairie/sites/actes/": ("journeys.MassAct", {"act_id": "pk"}),
    "mairie/sites/<": ("bookings.Slot", {"site_id": "offering__establishment"}),
    "mairie/tablette/": ("bookings.Slot", {"site_id": "offering__establishment"}),
    "mairie/sites/registre/places/": ("bookings.Booking", {"booking_id": "pk"}),
    "mairie/sites/seances/": (
        "bookings.Booking",
        {"slot_id": "slot", "child_id": "child"},
    ),
    "mairie/absences/": ("attendance.AbsenceReport", {"reference": "reference"}),
    "mairie/cuisine/envois/": ("kitchen.MealCount", {"count_id": "pk"}),
    "mairie/imports/": ("schools.PupilImport", {"import_id": "pk"}),
    "mairie/reprises/": ("journeys.TakeOver", {"take_over_id": "pk"}),
    "mairie/factures/": ("billing.Invoice", {"number": "number"}),
    "mairie/regularisations/": ("billing.Regularisation", PK),
    "mairie/tiers/<int:pk>/credit/": (
        "billing.ThirdPartyAccount",
        {"pk": "third_party", "office": "cash_office__code"},
    ),
    "mairie/tiers/<": ("billing.ThirdParty", PK),
    "mairie/tiers/factures/": ("billing.ThirdPartyInvoice", {"number": "number"}),
    "mairie/prises-en-charge/": ("billing.Agreement", PK),
    "mairie/regies/": ("billing.CashOffice", {"code": "code"}),
    "mairie/regies/<slug:code>/personnes/<": (
        "billing.CashOfficePerson",
        {"code": "cash_office__code", "person_id": "pk"},
    ),
    "mairie/facturation/": ("billing.BillingRun", {"run_id": "pk"}),
    "mairie/paiements/": ("payments.Attempt", {"reference": "reference"}),
    "mairie/prelevements/<": ("directdebit.Debit", {"debit_id": "pk"}),
    "mairie/prelevements/lots/": ("directdebit.Batch", {"batch_id": "pk"}),
    "mairie/prelevements/mandats/": ("directdebit.Mandate", {"mandate_id": "pk"}),
    "mairie/prelevements/banque/": ("directdebit.BankEntry", {"entry_id": "pk"}),
    "mairie/prelevements/reglages/": ("directdebit.Creditor", {"code": "cash_office__code"}),
    "mairie/relances/envois/": ("recovery.ReminderRun", {"run_id": "pk"}),
    "mairie/relances/<": (
        "recovery.ReminderRun",
        {"office": "cash_office__code", "rank": "level__rank"},
    ),
    "mairie/relances/reglages/niveau/": ("recovery.ReminderLevel", {"rank": "rank"}),
    "mairie/relances/reglages/fois/": ("billing.CashOffice", {"code": "code"}),
    "mairie/relances/reglages/payfip/": ("billing.CashOffice", {"code": "code"}),
    "mairie/ordonnateur/": ("recovery.CollectionList", {"list_id": "pk"}),
    "mairie/ordonnateur/ligne/": ("recovery.CollectionItem", {"item_id": "pk"}),
    "mairie/ordonnateur/<int:list_id>/titre/": (
        "recovery.CollectionItem",
        {"list_id": "list", "code": "family__code"},
    ),
    "mairie/titres/": ("recovery.Titre", {"titre_id": "pk"}),
    "mairie/titres/reductions/": ("recovery.ReductionRequest", {"request_id": "pk"}),
    "mairie/echeanciers/": ("recovery.Plan", {"plan_id": "pk"}),
    "mairie/guichet/recus/": ("billing.CounterPayment", {"receipt": "receipt_number"}),
    "mairie/guichet/<": ("families.Family", {"code": "code"}),
    "mairie/encaissements/": ("billing.CounterPayment", {"receipt": "receipt_number"}),
    "mairie/caisses/<": ("billing.CashOffice", {"office": "code"}),
    "mairie/caisses/versements/": ("cashdesk.Deposit", {"number": "number"}),
    "mairie/caisses/journees/": ("cashdesk.TillDay", {"day_id": "pk"}),
    "mairie/remboursements/<int": ("cashdesk.Refund", {"refund_id": "pk"}),
    "mairie/remboursements/<slug": ("billing.CashOffice", {"office": "code"}),
    "mairie/clotures/": ("reporting.YearEnd", {"office": "cash_office__code", "year": "year"}),
    "mairie/regles/": ("rulebook.RulebookVersion", PK),
    "mairie/regles/quotient-tardif/": ("families.Family", {"code": "code"}),
    "mairie/creche/attente/": ("childcare.Preregistration", PK),
    "mairie/creche/propositions/": ("childcare.Offer", PK),
    "mairie/creche/commissions/": ("childcare.Commission", PK),
    "mairie/creche/contrats/": ("childcare.Contract", PK),
    "mairie/creche/contrats/<int:pk>/signature/": (
        "childcare.Signing",
        {"pk": "terms__contract", "terms": "terms"},
    ),
    "mairie/tablette/creche/": ("childcare.Contract", {"site_id": "establishment"}),
    "mairie/creche/ressources/": ("childcare.Contract", {"code": "family__code"}),
    "mairie/creche/pointage/": ("childcare.Section", {"pk": "establishment"}),
    "mairie/creche/releves/": ("childcare.Statement", PK),
    "mairie/creche/reglages/sections/": ("childcare.Section", PK),
    "mairie/creche/reglages/criteres/": ("childcare.Scale", PK),
    "mairie/ecoles/eleves/": ("schools.Schooling", {"child_id": "child"}),
    "mairie/ecoles/secteurs/": ("schools.SectorSegment", {"segment_id": "pk"}),
    "mairie/ecoles/rentree/": ("schools.RollOver", {"roll_over_id": "pk"}),
    "mairie/ecoles/rentree/<int:roll_over_id>/eleves/": (
        "schools.Promotion",
        {"roll_over_id": "roll_over", "promotion_id": "pk"},
    ),
    "mairie/ecoles/renouvellement/": ("enrolments.RenewalCampaign", {"campaign_id": "pk"}),
    "mairie/ecoles/reglement/": ("enrolments.Regulation", {"regulation_id": "pk"}),
    # The families' side.
    "espace/famille/enfants/": ("families.Custody", {"child_id": "child"}),
    "espace/demandes/": ("casework.Request", {"reference": "reference"}),
    "espace/demandes/brouillon/": ("casework.Draft", {"draft_id": "pk"}),
    "espace/reservations/recus/": ("bookings.Submission", {"reference": "reference"}),
    "espace/reservations/places/": ("bookings.Booking", {"booking_id": "pk"}),
    "espace/absences/": ("attendance.AbsenceReport", {"reference": "reference"}),
    "espace/cartes/<": (
        "attendance.Card",
        {"card_id": "pk", "code": "child__custodies__family__code"},
    ),
    "espace/cartes/enfants/": ("families.Custody", {"child_id": "child"}),
    "espace/compte/": ("billing.FamilyAccount", {"office": "cash_office__code"}),
    "espace/compte/facture/": ("billing.Invoice", {"number": "number"}),
    "espace/compte/paiement/": ("payments.Attempt", {"reference": "reference"}),
    "espace/compte/prelevement/": ("directdebit.Mandate", {"mandate_id": "pk"}),
    "espace/compte/prelevement/regie/": ("billing.CashOffice", {"office": "code"}),
    "espace/compte/titre/": ("recovery.Titre", {"titre_id": "pk"}),
    "espace/creche/demandes/": ("childcare.Preregistration", PK),
    "espace/creche/demandes/<int:pk>/pieces/": (
        "childcare.Piece",
        {"pk": "preregistration", "piece": "pk", "code": "preregistration__family__code"},
    ),
    "espace/creche/propositions/": ("childcare.Offer", PK),
    "espace/creche/contrats/": ("childcare.Contract", PK),
    "espace/creche/contrats/<int:pk>/signer/": (
        "childcare.Signing",
        {
            "pk": "terms__contract",
            "terms": "terms",
            "code": "terms__contract__family__code",
        },
    ),
    "espace/creche/releves/": ("childcare.Statement", PK),
    # Everybody's.
    "activites/": ("catalogue.Activity", {"slug": "slug"}),
    "demo/courriels/": ("messaging.Message", {"message_id": "pk"}),
}


def _begins(route: Route) -> str:
    """The longest known beginning of the route's pattern, or ""."""
    known = [begin for begin in MODELS if route.pattern.startswith(begin)]
    return max(known, key=len, default="")


def addresses(route: Route, *, first: set[int] | None = None) -> Iterator[tuple[str, int | None]]:
    """Addresses of this route that name objects of the database, with their family's key.

    At most `MOST` of the families in `first`, then as many of any other; no family (None) where
    the model knows none.
    """
    if "<" not in route.pattern:
        yield f"/{route.pattern}", None
        return
    names = arguments(route.pattern)
    begin = _begins(route)
    label, fields = MODELS.get(begin, ("", {}))
    if not set(names) <= set(fields):
        return
    model = apps.get_model(label)
    path = family_path(model, fields)
    rows = model._default_manager.order_by("-pk")
    rows = rows.annotate(**{f"a_{name}": F(fields[name]) for name in names})
    asked = [f"a_{name}" for name in names] + ([path] if path else [])
    lists = [rows]
    if path and first is not None:
        lists = [rows.filter(**{f"{path}__in": first}), rows]
    for found in lists:
        for row in found.values_list(*asked)[:MOST]:
            values, family = (row[:-1], row[-1]) if path else (row, None)
            if any(value is None or value == "" for value in values):
                continue
            try:
                yield reverse(route.name, kwargs=dict(zip(names, values, strict=True))), family
            except NoReverseMatch:
                continue


def family_path(model: Any, fields: dict[str, str]) -> str:
    """How a model's row leads to its family: its own field, or what its arguments go through."""
    if model._meta.label == "families.Family":
        return "pk"
    if any(field.name == "family" for field in model._meta.get_fields()):
        return "family"
    through = next((path for path in fields.values() if "family__" in path), "")
    return through.partition("family__")[0] + "family" if through else ""


def arguments(pattern: str) -> list[str]:
    """The names of a pattern's arguments, in order."""
    return [part.partition(">")[0].rpartition(":")[2] for part in pattern.split("<")[1:]]
