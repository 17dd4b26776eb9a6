"""Addresses of the agents' inbox, of the pieces and of what the town sets for requests."""

from django.urls import path

from preau.townhall.inbox import asking, deciding, files, pieces, setting, views

urlpatterns = [
    path("demandes/", views.inbox, name="inbox"),
    path("demandes/export/", views.export, name="inbox-export"),
    path("demandes/<slug:reference>/", views.case, name="request"),
    path("demandes/<slug:reference>/decision/", deciding.decide, name="request-decide"),
    path("demandes/<slug:reference>/tenir/", deciding.renew, name="request-hold"),
    path("demandes/<slug:reference>/accord/", deciding.sign, name="request-sign"),
    path("demandes/<slug:reference>/piece/", deciding.add_piece, name="request-piece"),
    path("fichiers/<uuid:file_id>/", files.show, name="file"),
    path("dossiers/<str:code>/demandes/", asking.choose, name="family-request"),
    path("dossiers/<str:code>/demandes/<slug:kind>/", asking.new, name="family-request-new"),
    path(
        "dossiers/<str:code>/demandes/brouillon/<uuid:draft_id>/",
        asking.check,
        name="family-request-check",
    ),
    path("pieces/", pieces.to_review, name="documents"),
    path("pieces/<int:document_id>/", pieces.review, name="document-review"),
    path("reglages/demandes/", setting.request_settings, name="request-kinds"),
    path("reglages/demandes/<slug:kind>/", setting.edit_kind, name="request-kind"),
    path("reglages/pieces/", setting.document_kinds, name="document-kinds"),
    path("reglages/pieces/nouvelle/", setting.edit_document_kind, name="document-kind-new"),
    path("reglages/pieces/<slug:slug>/", setting.edit_document_kind, name="document-kind"),
    path(
        "reglages/pieces-demandees/<slug:slug>/",
        setting.required_documents,
        name="required-documents",
    ),
]
