"""Families' files."""

from django.urls import path

from preau.townhall.families import (
    child_sheet,
    custody,
    edit,
    letters,
    merging,
    opening,
    panels,
    paper,
    people,
    protection,
    views,
)

urlpatterns = [
    path("recherche/", views.search, name="search"),
    path("dossiers/", views.families, name="families"),
    path("dossiers/nouveau/", opening.family_new, name="family-new"),
    path("dossiers/<str:code>/", views.family, name="family"),
    path("dossiers/<str:code>/fiche/", paper.sheet, name="family-sheet"),
    path("dossiers/<str:code>/ecrire/", paper.write, name="family-write"),
    path("dossiers/<str:code>/tout/<slug:what>/", panels.panel, name="family-panel"),
    path("dossiers/<str:code>/canal/", views.channel, name="family-channel"),
    path("dossiers/<str:code>/adresse/", edit.address, name="family-address"),
    path("dossiers/<str:code>/quotient/", edit.quotient, name="family-quotient"),
    path(
        "dossiers/<str:code>/quotient/adultes/<int:guardian_id>/",
        edit.state_quotient,
        name="family-state-quotient",
    ),
    path("dossiers/<str:code>/nom/", edit.rename, name="family-rename"),
    path("dossiers/<str:code>/fermer/", edit.close, name="family-close"),
    path("dossiers/<str:code>/rouvrir/", edit.reopen, name="family-reopen"),
    path("dossiers/<str:code>/adultes/nouveau/", people.guardian_new, name="family-guardian-new"),
    path("dossiers/<str:code>/adultes/<int:guardian_id>/", people.guardian, name="family-guardian"),
    path(
        "dossiers/<str:code>/adultes/<int:guardian_id>/retirer/",
        people.guardian_remove,
        name="family-guardian-remove",
    ),
    path(
        "dossiers/<str:code>/adultes/<int:guardian_id>/redevable/",
        people.payer,
        name="family-payer",
    ),
    path(
        "dossiers/<str:code>/adultes/<int:guardian_id>/lettre/",
        letters.letter,
        name="family-letter",
    ),
    path(
        "dossiers/<str:code>/adultes/<int:guardian_id>/inviter/",
        letters.invite,
        name="family-invite",
    ),
    path("dossiers/<str:code>/enfants/nouveau/", people.child_new, name="family-child-new"),
    path("dossiers/<str:code>/enfants/rattacher/", people.child_attach, name="family-child-attach"),
    path("dossiers/<str:code>/enfants/<int:child_id>/", people.child, name="family-child"),
    path("dossiers/<str:code>/adresse/protegee/", protection.protection, name="family-protection"),
    path(
        "dossiers/<str:code>/enfants/<int:child_id>/sante/",
        child_sheet.sheet,
        name="family-child-sheet",
    ),
    path(
        "dossiers/<str:code>/enfants/<int:child_id>/sante/pieces/<uuid:file_id>/",
        child_sheet.document,
        name="family-child-document",
    ),
    path(
        "dossiers/<str:code>/enfants/<int:child_id>/garde/", custody.custody, name="family-custody"
    ),
    path(
        "dossiers/<str:code>/enfants/<int:child_id>/garde/decisions/<uuid:file_id>/",
        custody.judgment,
        name="family-judgment",
    ),
    path(
        "dossiers/<str:code>/enfants/<int:child_id>/garde/fin/",
        people.custody_end,
        name="family-custody-end",
    ),
    path("dossiers/<str:code>/reunir/", merging.choose, name="family-merge-choose"),
    path("dossiers/<str:code>/reunir/<str:other>/", merging.merge, name="family-merge"),
    path("dossiers/<str:code>/separer/", merging.split, name="family-split"),
    path("dossiers/<str:code>/actes/<int:act_id>/", merging.act, name="family-act"),
    path("dossiers/<str:code>/actes/<int:act_id>/defaire/", merging.undo, name="family-act-undo"),
    path("lettres/", letters.batches, name="letters"),
    path("lettres/nouvelles/", letters.batch_new, name="letters-new"),
    path("lettres/<int:batch_id>/", letters.batch, name="letter-batch"),
    path("lettres/<int:batch_id>.pdf", letters.batch_pdf, name="letter-batch-pdf"),
]
