from django.urls import path

from preau.api.payments import views

urlpatterns = [
    path("paiements/<slug:code>/notification/", views.notification, name="payment-notification"),
    path(
        "paiements/<slug:code>/titres/notification/",
        views.notification,
        {"use": "TITRE"},
        name="titre-notification",
    ),
]
