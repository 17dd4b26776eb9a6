"""`python -m preau.demo.bank --port N`."""

import argparse

from preau.demo.bank import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m preau.demo.bank", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--shop-url", default="http://127.0.0.1:8000")
    parser.add_argument("--state", default=None, help="fichier où la banque garde ses paiements")
    options = parser.parse_args()
    main(options.port, options.host, shop_url=options.shop_url, state=options.state)
