"""Addresses of the family's space, one module per subject."""

from django.urls import include, path

app_name = "portal"
SUBJECTS = (
    "sign_in",
    "home",
    "family",
    "requests",
    "planning",
    "absences",
    "cards",
    "account",
    "mandates",
    "debts",
    "certificates",
    "childcare",
    "menus",
    "renewal",
)
urlpatterns = [path("", include(f"preau.portal.{subject}.urls")) for subject in SUBJECTS]
