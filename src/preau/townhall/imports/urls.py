from django.urls import path

from preau.townhall.imports import takeover, views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:import_id>/", views.import_detail, name="import"),
    path("imports/<int:import_id>/valider/", views.approve, name="import-approve"),
    path("imports/<int:import_id>/abandonner/", views.abandon, name="import-abandon"),
    path("imports/<int:import_id>/changements.csv", views.changes_csv, name="import-changes"),
    path("imports/<int:import_id>/problemes.csv", views.problems_csv, name="import-problems"),
    path("reprises/", takeover.take_overs, name="take-overs"),
    path("reprises/modele.xlsx", takeover.model, name="take-over-model"),
    path("reprises/<int:take_over_id>/", takeover.take_over, name="take-over"),
    path("reprises/<int:take_over_id>/reprendre/", takeover.approve, name="take-over-approve"),
    path("reprises/<int:take_over_id>/abandonner/", takeover.abandon, name="take-over-abandon"),
    path("reprises/<int:take_over_id>/remarques/", takeover.notes, name="take-over-notes"),
]
