"""The household's own data."""

from django.urls import path

from preau.portal.family import views

urlpatterns = [
    path("espace/famille/", views.family, name="family"),
    path("espace/famille/messages/", views.sent_messages, name="messages"),
]
