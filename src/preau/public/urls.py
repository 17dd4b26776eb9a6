"""Addresses open to all, one module per subject."""

from django.urls import include, path

app_name = "public"
SUBJECTS = ("creche", "pages", "verify", "tarifs", "schools")
urlpatterns = [path("", include(f"preau.public.{subject}.urls")) for subject in SUBJECTS]
