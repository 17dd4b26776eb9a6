from django.urls import path

from preau.portal.planning import views

BASE = "espace/reservations/"
urlpatterns = [
    path(BASE, views.planning, name="planning"),
    path(f"{BASE}ouverture/", views.opening, name="planning-opening"),
    path(f"{BASE}semaine-type/", views.pattern, name="planning-pattern"),
    path(f"{BASE}recapitulatif/", views.review, name="planning-review"),
    path(f"{BASE}recus/<str:reference>/", views.receipt, name="planning-receipt"),
    path(f"{BASE}places/<int:booking_id>/", views.offer, name="planning-offer"),
]
