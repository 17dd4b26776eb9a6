"""The figures: places, hours for the CAF, crèches, waiting lists, requests."""

from django.urls import path

from preau.townhall.figures import views

urlpatterns = [
    path("chiffres/", views.index, name="figures"),
    path("chiffres/occupation/", views.occupancy, name="figures-occupancy"),
    path("chiffres/caf/", views.caf, name="figures-caf"),
    path("chiffres/petite-enfance/", views.early_childhood, name="figures-childcare"),
    path("chiffres/attente/", views.waiting, name="figures-waiting"),
    path("chiffres/demandes/", views.requests, name="figures-requests"),
]
