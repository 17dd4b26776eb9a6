"""The figures: places, hours for the CAF, crèches, waiting lists, requests."""

from django.urls import path

from preau.townhall.figures import caf, early_childhood, occupancy, requests, views, waiting

urlpatterns = [
    path("chiffres/", views.index, name="figures"),
    path("chiffres/occupation/", occupancy.occupancy, name="figures-occupancy"),
    path("chiffres/caf/", caf.caf, name="figures-caf"),
    path("chiffres/petite-enfance/", early_childhood.early_childhood, name="figures-childcare"),
    path("chiffres/attente/", waiting.waiting, name="figures-waiting"),
    path("chiffres/demandes/", requests.requests, name="figures-requests"),
]
