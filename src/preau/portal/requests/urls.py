"""Addresses of the requests, and of the opening of a file by a family unknown so far."""

from django.urls import path

from preau.portal.requests import agreements, asking, files, opening, views

urlpatterns = [
    path("espace/demandes/", views.request_list, name="requests"),
    path("espace/demandes/nouvelle/", asking.choose, name="request-choose"),
    path("espace/demandes/nouvelle/<slug:kind>/", asking.new, name="request-new"),
    path("espace/demandes/brouillon/<uuid:draft_id>/", asking.check, name="request-check"),
    path("espace/accords/", agreements.agreements, name="agreements"),
    path("espace/accords/<int:request_id>/", agreements.agree, name="agreement"),
    path("espace/demandes/<slug:reference>/", views.detail, name="request"),
    path("espace/demandes/<slug:reference>/piece/", views.give_piece, name="request-piece"),
    path("espace/demandes/<slug:reference>/retirer/", views.withdraw, name="request-withdraw"),
    path("espace/fichiers/<uuid:file_id>/", files.show, name="file"),
    path("ouvrir-un-dossier/", opening.start, name="open-file"),
    path("ouvrir-un-dossier/lien/<str:token>/", opening.follow_link, name="open-file-link"),
    path("ouvrir-un-dossier/foyer/", opening.home, name="open-file-home"),
    path("ouvrir-un-dossier/adultes/", opening.adults, name="open-file-adults"),
    path("ouvrir-un-dossier/enfants/", opening.children, name="open-file-children"),
    path("ouvrir-un-dossier/pieces/", opening.pieces, name="open-file-pieces"),
    path("ouvrir-un-dossier/resume/", opening.summary, name="open-file-summary"),
    path("ouvrir-un-dossier/envoye/", opening.sent, name="open-file-sent"),
]
