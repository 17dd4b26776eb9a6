"""The family's home."""

from django.urls import path

from preau.portal.home import views

urlpatterns = [path("espace/", views.home, name="home")]
