"""OVHcloud's SMS service, as its public documentation describes it: it checks each signature.

X-Ovh-Signature is "$1$" + SHA-1 of secret+consumer+METHOD+URL+body+timestamp, worked out here on
its own; the clock is the service's (`/auth/time`), eight minutes ahead to prove that it is asked.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEYS = {"application_key": "app", "application_secret": "hush", "consumer_key": "consumer"}
AHEAD = 480


@dataclass
class OvhSimulator:
    url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    # What the next calls answer instead of sending: HTTP status codes.
    failures: list[int] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        return {**KEYS, "endpoint": self.url, "service": "sms-ab1-1", "sender": "Mairie"}


@contextmanager
def ovh_simulator() -> Iterator[OvhSimulator]:
    """The service on a free port of the loopback, until the block ends."""
    simulator = OvhSimulator()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Silent."""

        def _answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer(200, int(time.time()) + AHEAD)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            stamp = self.headers["X-Ovh-Timestamp"]
            text = "+".join(
                [
                    KEYS["application_secret"],
                    KEYS["consumer_key"],
                    "POST",
                    simulator.url + self.path,
                    body,
                    stamp,
                ]
            )
            signature = "$1$" + hashlib.sha1(text.encode()).hexdigest()
            on_time = abs(int(stamp) - time.time() - AHEAD) < 60
            if self.headers["X-Ovh-Signature"] != signature or not on_time:
                simulator.forged += 1
                self._answer(403, {"errorCode": "INVALID_CREDENTIAL", "message": "no"})
            elif simulator.failures:
                self._answer(simulator.failures.pop(0), {"message": "refused"})
            elif self.path != "/sms/sms-ab1-1/jobs":
                self._answer(404, {"message": "no such service"})
            else:
                wish = json.loads(body)
                bad = [to for to in wish["receivers"] if not to.startswith("+336")]
                if not bad:
                    simulator.sent.append(wish)
                self._answer(
                    200,
                    {
                        "ids": [] if bad else [len(simulator.sent)],
                        "invalidReceivers": bad,
                        "validReceivers": [] if bad else wish["receivers"],
                        "totalCreditsRemoved": len(wish["receivers"]) - len(bad),
                    },
                )

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    simulator.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield simulator
    finally:
        server.shutdown()
        server.server_close()
