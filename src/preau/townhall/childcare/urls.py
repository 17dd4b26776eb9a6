"""Addresses of early childhood: the list, commissions, contracts, hours, places, months."""

from django.urls import path

from preau.townhall.childcare import (
    board,
    commissions,
    contracts,
    door,
    hours,
    offers,
    places,
    signing,
    statements,
    waiting,
)

FILE = "creche/attente/<int:pk>/"
CONTRACT = "creche/contrats/<int:pk>/"
DOOR = "tablette/creche/<int:site_id>/"
PAPER = f"{CONTRACT}signature/<int:terms>/"
SESSION = "creche/commissions/<int:pk>/"
urlpatterns = [
    path("creche/", waiting.waiting_list, name="childcare"),
    path(FILE, waiting.show, name="childcare-file"),
    path(f"{FILE}pieces/<int:piece>/", waiting.decide_piece, name="childcare-piece"),
    path(f"{FILE}pieces/<int:piece>/fichier/", waiting.piece_file, name="childcare-piece-file"),
    path(f"{FILE}criteres/", waiting.claim, name="childcare-claim"),
    path(f"{FILE}retirer/", waiting.withdraw, name="childcare-withdraw"),
    path(f"{FILE}contrat/", contracts.sign, name="childcare-sign"),
    path("creche/propositions/", offers.offers, name="childcare-offers"),
    path("creche/propositions/<int:pk>/", offers.answer, name="childcare-answer"),
    path("creche/commissions/", commissions.commissions, name="childcare-commissions"),
    path(SESSION, commissions.commission, name="childcare-commission"),
    path(f"{SESSION}decision/", commissions.decide, name="childcare-decide"),
    path(f"{SESSION}proces-verbal.pdf", commissions.minutes, name="childcare-minutes"),
    path("creche/contrats/", contracts.contracts, name="childcare-contracts"),
    path("creche/contrats/tarifs/", contracts.revise, name="childcare-revise"),
    path(CONTRACT, contracts.contract, name="childcare-contract"),
    path(PAPER, signing.send, name="childcare-send"),
    path(f"{PAPER}papier/", signing.paper, name="childcare-paper"),
    path(f"{PAPER}document.pdf", signing.document, name="childcare-paper-document"),
    path(f"{PAPER}signe/<int:signature>/", signing.signed, name="childcare-paper-signed"),
    path(f"{CONTRACT}avenant/", contracts.amend, name="childcare-amend"),
    path(f"{CONTRACT}fin/", contracts.end, name="childcare-end"),
    path(f"{CONTRACT}absences/<int:absence>/", contracts.absence_act, name="childcare-absence"),
    path(f"{CONTRACT}heures/", hours.correct, name="childcare-correct"),
    path("dossiers/<str:code>/creche/", contracts.family, name="family-childcare"),
    path("creche/ressources/<str:code>/", contracts.income, name="childcare-income"),
    path("creche/pointage/", hours.punch_sites, name="childcare-punch-sites"),
    path("creche/pointage/<int:pk>/", hours.punch, name="childcare-punch"),
    path(DOOR, door.door, name="childcare-door"),
    path(f"{DOOR}jour/", door.data, name="childcare-door-data"),
    path(f"{DOOR}pointages/", door.ticks, name="childcare-door-ticks"),
    path(f"{DOOR}enfants/<int:child_id>/sante/", door.health, name="childcare-door-health"),
    path(f"{DOOR}enfants/<int:child_id>/photo/", door.photo, name="childcare-door-photo"),
    path("creche/journee/", hours.day, name="childcare-day"),
    path("creche/places/", board.occupancy, name="childcare-board"),
    path("creche/planning/", board.schedule, name="childcare-schedule"),
    path("creche/releves/", statements.month, name="childcare-months"),
    path("creche/releves/arreter/", statements.close, name="childcare-close"),
    path("creche/releves/<int:pk>/", statements.statement, name="childcare-statement"),
    path(
        "creche/releves/<int:pk>/releve.pdf",
        statements.statement_pdf,
        name="childcare-statement-pdf",
    ),
    path("creche/releves/<int:pk>/rouvrir/", statements.reopen, name="childcare-reopen"),
    path("creche/reglages/", places.settings, name="childcare-settings"),
    path("creche/reglages/ville/", places.edit_settings, name="childcare-settings-town"),
    path("creche/reglages/sections/", places.edit_section, name="childcare-section-new"),
    path("creche/reglages/sections/<int:pk>/", places.edit_section, name="childcare-section"),
    path("creche/reglages/criteres/", places.edit_scale, name="childcare-scale-new"),
    path("creche/reglages/criteres/<int:pk>/", places.scale, name="childcare-scale"),
    path(
        "creche/reglages/criteres/<int:pk>/modifier/",
        places.edit_scale,
        name="childcare-scale-edit",
    ),
]
