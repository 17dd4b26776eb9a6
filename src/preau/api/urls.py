"""Addresses that machines call (under /api/)."""

from django.urls import include, path

app_name = "api"
SUBJECTS = ("payments",)
urlpatterns = [path("", include(f"preau.api.{subject}.urls")) for subject in SUBJECTS]
