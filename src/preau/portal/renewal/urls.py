"""The year to come, renewed by the family."""

from django.urls import path

from preau.portal.renewal import views

urlpatterns = [path("espace/renouvellement/", views.renewal, name="renewal")]
