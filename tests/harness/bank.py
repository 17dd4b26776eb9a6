"""The demo's bank for tests: threads of this process, over real HTTP; tests turn its knobs."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from preau.demo.bank.app import Bank
from preau.demo.bank.merchants import demo_merchants


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


_browser = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def http(url, data=None):
    if isinstance(data, dict):
        data = urllib.parse.urlencode(data).encode()
    try:
        with _browser.open(urllib.request.Request(url, data=data), timeout=60) as r:
            return r.status, r.read().decode(), r.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class BankProcess:
    """The demo's bank, in threads of this process so that tests can turn its knobs."""

    def __init__(self, shop_url):
        self.app = Bank(demo_merchants(shop_url))
        self.server = make_server(
            "127.0.0.1", 0, self.app, server_class=_Server, handler_class=_Quiet
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def control(self, path, **data):
        status, body, _ = http(f"{self.url}/controle/{path}", json.dumps(data).encode())
        assert status == 200, body
        return json.loads(body)

    def stop(self):
        self.app.notifier.stop()
        self.server.shutdown()
