"""The simulator's address."""

from django.urls import path

from preau.public.tarifs import views

urlpatterns = [path("tarifs/", views.prices, name="prices")]
