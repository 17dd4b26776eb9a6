"""Sites, attendance, absences and cards; and the same acts from a family's file."""

from django.urls import path

from preau.townhall.sites import (
    absences,
    cards,
    child_places,
    family,
    follow_up,
    mass_acts,
    places,
    register,
    sheets,
    site_sheets,
    staff,
    tablet,
    views,
)

SLOT = "sites/seances/<int:slot_id>/"
FILE = "dossiers/<str:code>/"
urlpatterns = [
    path("sites/", views.sites, name="sites"),
    path("sites/registre/", register.register, name="register"),
    path("sites/registre/reserver/", child_places.choose_child, name="register-book"),
    path("sites/registre/places/<int:booking_id>/", child_places.from_booking, name="place"),
    path("sites/actes/", mass_acts.acts, name="mass-acts"),
    path("sites/actes/nouveau/", mass_acts.new_act, name="mass-act-new"),
    path("sites/actes/<int:act_id>/", mass_acts.show, name="mass-act"),
    path("sites/actes/<int:act_id>/defaire/", mass_acts.undo, name="mass-act-undo"),
    path("sites/<int:site_id>/", views.site, name="site"),
    path("sites/<int:site_id>/places/", places.places, name="site-places"),
    path("sites/<int:site_id>/places/changer/", places.change, name="site-places-change"),
    path("tablette/", views.sites, name="tablet-home"),
    path("tablette/sw.js", tablet.worker, name="tablet-worker"),
    path("tablette/<int:site_id>/", tablet.tablet, name="tablet"),
    path("tablette/<int:site_id>/jour/", tablet.data, name="tablet-data"),
    path("tablette/<int:site_id>/pointages/", tablet.ticks, name="tablet-ticks"),
    path("tablette/<int:site_id>/clore/", tablet.close, name="tablet-close"),
    path(
        "tablette/<int:site_id>/enfants/<int:child_id>/sante/",
        tablet.health,
        name="tablet-health",
    ),
    path(
        "tablette/<int:site_id>/enfants/<int:child_id>/photo/",
        tablet.photo,
        name="tablet-photo",
    ),
    path("sites/fiches/", follow_up.follow_up, name="sheets-to-follow"),
    path("sites/<int:site_id>/equipe/", staff.staff, name="site-staff"),
    path(f"{SLOT}fiches.pdf", site_sheets.group, name="sheet-children-pdf"),
    path(f"{SLOT}enfants/<int:child_id>/fiche.pdf", site_sheets.child, name="sheet-child-pdf"),
    path("sites/<int:site_id>/cartes/imprimer/", cards.print_all, name="site-cards-ask"),
    path(
        "sites/<int:site_id>/cartes/impressions/<int:print_id>/",
        cards.follow_print,
        name="site-cards-print",
    ),
    path(
        "sites/<int:site_id>/cartes/impressions/<int:print_id>.pdf",
        cards.print_pdf,
        name="site-cards-print-pdf",
    ),
    path("sites/<int:site_id>/annuler/", views.cancel, name="site-cancel"),
    path("sites/<int:site_id>/cartes/", cards.site_cards, name="site-cards"),
    path(SLOT, sheets.show, name="sheet"),
    path(f"{SLOT}pointer/", sheets.mark, name="sheet-mark"),
    path(f"{SLOT}tous/", sheets.everyone, name="sheet-all"),
    path(f"{SLOT}clore/", sheets.close, name="sheet-close"),
    path(f"{SLOT}carte/", sheets.card, name="sheet-card"),
    path(f"{SLOT}ajouter/", sheets.walk_in, name="sheet-walk-in"),
    path(f"{SLOT}enfants/<int:child_id>/", sheets.correct, name="sheet-correct"),
    path(f"{SLOT}liste/", sheets.printed, name="sheet-print"),
    path(f"{SLOT}attente/", views.queue, name="slot-queue"),
    path(f"{SLOT}attente/ordre/", views.reorder, name="slot-reorder"),
    path(f"{SLOT}places/", places.change_one, name="slot-places"),
    path("absences/", absences.inbox, name="absences"),
    path("absences/<str:reference>/", absences.decide, name="absence"),
    path(
        "absences/<str:reference>/pieces/<uuid:file_id>/",
        absences.document,
        name="absence-document",
    ),
    path("cartes/", cards.orders, name="card-orders"),
    path("cartes/<int:order_id>/remettre/", cards.issue_order, name="card-order-issue"),
    path(f"{FILE}reservations/", family.planning_page, name="family-planning"),
    path(f"{FILE}reservations/semaine-type/", family.pattern, name="family-planning-pattern"),
    path(f"{FILE}reservations/recapitulatif/", family.review, name="family-planning-review"),
    path(
        f"{FILE}reservations/recus/<str:reference>/", family.receipt, name="family-planning-receipt"
    ),
    path(
        f"{FILE}reservations/places/<int:booking_id>/", family.offer, name="family-planning-offer"
    ),
    path(f"{FILE}places/", child_places.child_places, name="family-places"),
    path(
        f"{FILE}reservations/recus/<str:reference>/defaire/",
        child_places.undo,
        name="family-planning-undo",
    ),
    path(f"{FILE}absences/", family.absence_list, name="family-absence"),
    path(f"{FILE}absences/signaler/", family.absence_new, name="family-absence-new"),
    path(
        f"{FILE}absences/pieces/<uuid:file_id>/",
        family.absence_document,
        name="family-absence-document",
    ),
    path(f"{FILE}absences/<str:reference>/", family.absence_detail, name="family-absence-detail"),
    path(f"{FILE}cartes/", family.card_list, name="family-cards"),
    path(f"{FILE}cartes/<int:card_id>/perdue/", family.card_lost, name="family-card-lost"),
    path(f"{FILE}cartes/<int:card_id>/imprimer/", family.card_print, name="family-card-print"),
    path(
        f"{FILE}cartes/enfants/<int:child_id>/demander/",
        family.card_order,
        name="family-card-order",
    ),
    path(
        f"{FILE}cartes/enfants/<int:child_id>/remettre/",
        family.card_issue,
        name="family-card-issue",
    ),
]
