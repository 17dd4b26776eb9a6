"""Addresses of the town hall's side (under /mairie/), one module per subject."""

from django.urls import include, path

app_name = "townhall"
SUBJECTS = (
    "sign_in",
    "agents",
    "journal",
    "messages",
    "families",
    "inbox",
    "catalogue",
    "settings",
    "sites",
    "kitchen",
    "imports",
    "billing",
    "online",
    "directdebit",
    "recovery",
    "cashdesk",
    "reporting",
    "leaving",
    "certificates",
    "dashboard",
    "rules",
    "childcare",
    "figures",
    "schools",
)
urlpatterns = [path("", include(f"preau.townhall.{subject}.urls")) for subject in SUBJECTS]
