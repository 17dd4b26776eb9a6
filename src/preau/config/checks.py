"""Production refuses to start with a demo secret, with DEBUG or with the demo bank."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import Error, register


@register()
def production_is_not_a_demo(**kwargs: Any) -> list[Error]:
    """What keeps a production server from starting, one error each."""
    if not settings.PRODUCTION:
        return []
    errors = []
    if len(settings.SECRET_KEY) < 50 or settings.SECRET_KEY == settings.DEMO_SECRET_KEY:
        errors.append(
            Error(
                "PREAU_SECRET_KEY must be a secret of your own, 50 characters or more.",
                id="preau.E001",
            )
        )
    if settings.DEBUG:
        errors.append(Error("PREAU_DEBUG must be off in production.", id="preau.E002"))
    if settings.DEMO_BANK_URL:
        errors.append(Error("PREAU_DEMO_BANK_URL must be empty in production.", id="preau.E003"))
    if not settings.SEALING_KEYS:
        errors.append(
            Error("PREAU_SEALING_KEYS must hold at least one Fernet key.", id="preau.E004")
        )
    if os.environ.get("PREAU_TEST_CLOCK"):
        errors.append(Error("PREAU_TEST_CLOCK must not be set in production.", id="preau.E005"))
    return errors
