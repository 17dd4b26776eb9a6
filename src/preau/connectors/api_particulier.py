"""The family quotient through API Particulier v3, by the person's civil identity.

`GET /v3/dss/quotient_familial/identite` with the town's token (Authorization: Bearer) and its SIRET
(`recipient`); the errors are {"errors": [{"code", "title", "detail", …}]}. Nothing of the identity
is logged: an error of the network is told by its kind alone, for its words hold the address.
"""

import logging
from datetime import date
from typing import Any

import requests
from django.conf import settings

from preau.families.enums import QuotientSource
from preau.families.state_quotient import (
    FRANCE,
    BirthIdentity,
    IdentityRefused,
    NoStateAccess,
    QuotientNotFound,
    StateQuotient,
    StateTooBusy,
    StateUnreachable,
)
from preau.town.queries import get_town

logger = logging.getLogger(__name__)
PATH = "/v3/dss/quotient_familial/identite"
TIMEOUT = (4, 12)  # seconds, to connect and to answer
FUNDS = {"CNAF": QuotientSource.CAF, "MSA": QuotientSource.MSA}


class ApiParticulier:
    """Speaks `families.state_quotient.QuotientService` with the settings `PREAU_API_PARTICULIER_…`.

    The SIRET is the town's unless the settings give another one.
    """

    def __init__(self) -> None:
        kept: dict[str, str] = settings.API_PARTICULIER
        self._url = kept["url"].rstrip("/") + PATH
        self._token = kept["token"]
        self._recipient = kept["recipient"] or get_town().siret

    def ask(self, identity: BirthIdentity, *, month: date) -> StateQuotient:
        try:
            answer = requests.get(
                self._url,
                params=self._query(identity, month),
                headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            logger.warning("API Particulier: %s", type(error).__name__)
            raise StateUnreachable from None
        if answer.status_code != 200:
            raise _refusal(answer)
        try:
            return _read(answer.json())
        except (ValueError, KeyError, TypeError):
            logger.warning("API Particulier: an answer that cannot be read")
            raise StateUnreachable from None

    def _query(self, identity: BirthIdentity, month: date) -> list[tuple[str, str]]:
        asked = [
            ("recipient", self._recipient),
            ("nomNaissance", identity.last_name),
            *(("prenoms[]", name) for name in identity.first_names),
            ("anneeDateNaissance", str(identity.birth_on.year)),
            ("moisDateNaissance", str(identity.birth_on.month)),
            ("jourDateNaissance", str(identity.birth_on.day)),
            ("sexeEtatCivil", identity.sex),
            ("codeCogInseePaysNaissance", identity.country),
            ("annee", str(month.year)),
            ("mois", str(month.month)),
        ]
        if identity.country == FRANCE:
            asked += [
                ("nomCommuneNaissance", identity.commune),
                ("codeCogInseeDepartementNaissance", identity.department),
            ]
        return asked


def _read(body: Any) -> StateQuotient:
    data = body["data"]
    told = data["quotient_familial"]
    value = int(told["valeur"])
    if value < 0:
        raise ValueError
    computed = None
    if told.get("annee_calcul") and told.get("mois_calcul"):
        computed = date(int(told["annee_calcul"]), int(told["mois_calcul"]), 1)
    return StateQuotient(
        value=value,
        source=FUNDS[told["fournisseur"]],
        month=date(int(told["annee"]), int(told["mois"]), 1),
        computed=computed,
        names=tuple(
            str(name)
            for person in data.get("allocataires") or ()
            for name in (person.get("nom_naissance"), person.get("nom_usage"))
            if name
        ),
    )


def _refusal(answer: requests.Response) -> Exception:
    """What the status means; the code of the error is logged, its words are not."""
    try:
        code = str(answer.json()["errors"][0]["code"])[:10]
    except (ValueError, KeyError, TypeError, IndexError):
        code = "?"
    logger.warning("API Particulier: %s, code %s", answer.status_code, code)
    if answer.status_code == 404:
        return QuotientNotFound()
    if answer.status_code in (400, 422):
        return IdentityRefused()
    if answer.status_code in (401, 403):
        return NoStateAccess()
    if answer.status_code == 429:
        return StateTooBusy()
    return StateUnreachable()
