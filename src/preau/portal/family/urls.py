"""The household's own data."""

from django.urls import path

from preau.portal.family import quotient, sheets, views

urlpatterns = [
    path("espace/famille/", views.family, name="family"),
    path("espace/famille/enfants/<int:child_id>/fiche/", sheets.child_sheet, name="child-sheet"),
    path(
        "espace/famille/enfants/<int:child_id>/fiche/pieces/<uuid:file_id>/",
        sheets.child_document,
        name="child-document",
    ),
    path(
        "espace/famille/enfants/<int:child_id>/semaines/",
        sheets.child_custody,
        name="child-custody",
    ),
    path("espace/famille/quotient/", quotient.state_quotient, name="state-quotient"),
    path("espace/famille/messages/", views.sent_messages, name="messages"),
]
