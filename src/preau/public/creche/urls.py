"""The crèches' public page: the published criteria, how a place is given, how it is priced."""

from django.urls import path

from preau.public.creche import views

urlpatterns = [path("creche/criteres/", views.criteria, name="creche-criteria")]
