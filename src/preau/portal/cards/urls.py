from django.urls import path

from preau.portal.cards import views

BASE = "espace/cartes/"
urlpatterns = [
    path(BASE, views.cards, name="cards"),
    path(f"{BASE}<int:card_id>/perdue/", views.lost, name="card-lost"),
    path(f"{BASE}enfants/<int:child_id>/demander/", views.order, name="card-order"),
]
