"""Full addresses of the faces, for links in e-mails: by route name, never by hand."""

from django.conf import settings
from django.urls import reverse


def request_address(reference: str) -> str:
    """Where a family follows a request."""
    return settings.BASE_URL + reverse("portal:request", args=[reference])


def agreements_address() -> str:
    """Where a parent answers to what the other one asks for their child."""
    return settings.BASE_URL + reverse("portal:agreements")


def password_link_address() -> str:
    """The page where an invited adult chooses a password, with «{token}» for the secret."""
    return _with_token("portal:choose-password")


def confirm_email_address() -> str:
    """The page that proves an e-mail address, with «{token}» for the secret."""
    return _with_token("portal:confirm-email")


def open_file_address() -> str:
    """The page that opens a family's draft, with «{token}» for the secret."""
    return _with_token("portal:open-file-link")


def _with_token(name: str) -> str:
    address = reverse(name, args=["TOKEN"])
    return settings.BASE_URL + address.replace("TOKEN", "{token}")
