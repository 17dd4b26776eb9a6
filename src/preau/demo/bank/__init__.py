"""A bank to pay at without money: SP Plus, Systempay V2 and PayFiP, a process of its own.

It shares no code with the connectors that it judges, and nothing but the demo imports it.
"""

import os
from pathlib import Path


def main(
    port: int = 8001,
    host: str = "127.0.0.1",
    *,
    shop_url: str = "http://127.0.0.1:8000",
    state: Path | str | None = None,
) -> None:
    """Serve the bank until it is stopped.

    `shop_url` is the root of the town's site, called server to server by SP Plus. `state` names
    the file that remembers payments over a restart; without it they live in memory. Of the
    environment, PREAU_BANK_MERCHANTS may name a JSON list of contracts.
    """
    os.environ["PREAU_BANK_SHOP_URL"] = shop_url
    os.environ["PREAU_BANK_STATE"] = str(state or "")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "preau.demo.bank.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,  # one process: the memory is its own
        blocking_threads=4,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
    ).serve()
