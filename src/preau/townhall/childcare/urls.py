"""Addresses of the crèche: the waiting list, the contracts."""

from django.urls import path

from preau.townhall.childcare import views

urlpatterns = [
    path("creche/", views.waiting_list, name="childcare"),
    path("creche/contrats/", views.contracts, name="childcare-contracts"),
    path("creche/attente/<int:pk>/", views.admit, name="childcare-admit"),
    path("creche/attente/<int:pk>/retirer/", views.withdraw, name="childcare-withdraw"),
    path("creche/contrats/<int:pk>/", views.contract, name="childcare-contract"),
]
