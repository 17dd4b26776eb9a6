"""The journal of the whole town."""

from django.urls import path

from preau.townhall.journal import views

urlpatterns = [path("journal/", views.journal, name="journal")]
