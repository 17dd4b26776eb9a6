from django.urls import path

from preau.townhall.imports import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:import_id>/", views.import_detail, name="import"),
    path("imports/<int:import_id>/valider/", views.approve, name="import-approve"),
    path("imports/<int:import_id>/abandonner/", views.abandon, name="import-abandon"),
    path("imports/<int:import_id>/problemes.csv", views.problems_csv, name="import-problems"),
]
