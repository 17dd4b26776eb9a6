"""Who has a contract with the simulated bank. The keys are the demo's: published, worth nothing."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

SPPLUS = "spplus"
SYSTEMPAY = "systempay"
PAYFIP = "payfip"

DEMO_SIRET = "00000000000001-01"
DEMO_SPPLUS_KEY = "586dfc9c34919b863ffd6463c9134a26ba29741ec7e98079"
DEMO_SITE_ID = "12345678"
DEMO_SECRET_TEST = "demoSystempayTest"
DEMO_NUMCLI = "090909"
DEMO_TITRE_NUMCLI = "090910"
"""The public accountant's own client number: titres are paid on it, never on a cash office's."""

NOTIFY_PATH = "/api/paiements/{code}/notification/"
"""Where the town listens; `code` is the cash office's."""

DEMO_SPPLUS_OFFICE = "enfance"
DEMO_SYSTEMPAY_OFFICE = "sports"


@dataclass
class Merchant:
    """One contract. `keys` holds the signing key per mode (SP Plus has one, under "").

    PayFiP has no key: there, `keys` names the modes (`saisie`) that are open.
    """

    protocol: str
    number: str
    label: str
    keys: dict[str, str] = field(default_factory=dict)
    notify_url: str = ""


def demo_merchants(shop_url: str) -> list[Merchant]:
    """The contracts of the demo town, whose site answers at `shop_url`."""
    root = shop_url.rstrip("/")
    return [
        Merchant(
            protocol=SPPLUS,
            number=DEMO_SIRET,
            label="Régie Enfance et éducation",
            keys={"": DEMO_SPPLUS_KEY},
            # SP Plus keeps this address in the merchant's contract, not in each request.
            notify_url=root + NOTIFY_PATH.format(code=DEMO_SPPLUS_OFFICE),
        ),
        Merchant(
            protocol=SYSTEMPAY,
            number=DEMO_SITE_ID,
            label="Régie des sports",
            keys={"TEST": DEMO_SECRET_TEST},
        ),
        Merchant(
            protocol=PAYFIP,
            number=DEMO_NUMCLI,
            label="Régie de démonstration, par PayFiP",
            keys={"T": ""},
        ),
        Merchant(
            protocol=PAYFIP,
            number=DEMO_TITRE_NUMCLI,
            label="Titres de la commune, comptable public",
            keys={"T": ""},
        ),
    ]


def load_merchants() -> list[Merchant]:
    """From the JSON file that PREAU_BANK_MERCHANTS names, else the demo's."""
    if path := os.environ.get("PREAU_BANK_MERCHANTS"):
        return [Merchant(**item) for item in json.loads(Path(path).read_text("utf-8"))]
    return demo_merchants(os.environ.get("PREAU_BANK_SHOP_URL", "http://127.0.0.1:8000"))
