"""The pages that a payer sees at the simulated bank: plain HTML, without script."""

from html import escape

from preau.demo.bank.book import Payment

STYLE = """
:root{color-scheme:light dark;--paper:#eef2f7;--sheet:#fff;--ink:#16202c;--soft:#46525f;
--line:#6b7885;--act:#174a8b;--on:#fff;--bad:#8f1d13;--warn:#fff2cc;--warn-ink:#573a00;--focus:#b3400f}
@media (prefers-color-scheme:dark){:root{--paper:#12181f;--sheet:#1b232c;--ink:#eef2f6;
--soft:#c0c9d2;--line:#8793a0;--act:#9cc4ff;--on:#0c1a2c;--bad:#ffb3a8;--warn:#4a3710;
--warn-ink:#ffe6a8;--focus:#ffb27a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}
main,header,footer{max-width:34rem;margin:0 auto;padding:1rem}
.sim p{margin:0}
.sim{max-width:none;background:var(--warn);color:var(--warn-ink);
padding:.75rem 1rem;text-align:center;margin:0;
font-weight:600}
.sheet{background:var(--sheet);border:1px solid var(--line);border-radius:8px;padding:1.25rem}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0 0 1.5rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;text-align:right}
.amount{font-size:1.75rem;font-weight:700;font-variant-numeric:tabular-nums}
fieldset{border:0;padding:0;margin:0;display:grid;gap:.75rem}legend{padding:0;margin-bottom:.75rem}
button,.button{font:inherit;font-weight:600;min-height:3rem;padding:.5rem 1rem;border-radius:6px;
border:2px solid var(--act);background:var(--sheet);color:var(--act);cursor:pointer;width:100%;
display:block;text-align:center;text-decoration:none}
button.full{background:var(--act);color:var(--on)}
button.stop{border-color:var(--bad);color:var(--bad)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
footer{color:var(--soft);font-size:.9375rem}
"""

NNBSP = "\N{NARROW NO-BREAK SPACE}"


def euros(cents: int) -> str:
    """«1 234,50 €», with narrow no-break spaces."""
    whole = f"{cents // 100:,}".replace(",", NNBSP)
    return f"{whole},{cents % 100:02d}{NNBSP}€"


def card_page(payment: Payment) -> str:
    """Pay, refuse or abandon; nothing to type, since no card is needed."""
    amount = euros(payment.amount_cents)
    return _page(
        "Paiement par carte",
        f"""<h1>Paiement par carte</h1>
<dl><dt>À payer</dt><dd class="amount">{amount}</dd>
<dt>Commerçant</dt><dd>{escape(payment.label)}</dd>
<dt>Référence</dt><dd>{escape(payment.reference)}</dd></dl>
<form method="post"><fieldset><legend>Que fait la carte{NNBSP}?</legend>
<button class="full" name="decision" value="payer">Payer {amount}</button>
<button name="decision" value="refuser">Faire refuser la carte</button>
<button class="stop" name="decision" value="abandonner">Abandonner et revenir au site</button>
</fieldset></form>""",
    )


def treasury_page(payment: Payment) -> str:
    """PayFiP's choice: by card or by direct debit."""
    amount = euros(payment.amount_cents)
    return _page(
        "Paiement par PayFiP",
        f"""<h1>Payer par PayFiP</h1>
<dl><dt>À payer</dt><dd class="amount">{amount}</dd>
<dt>Pour</dt><dd>{escape(payment.label)}</dd>
<dt>Référence</dt><dd>{escape(payment.reference)}</dd></dl>
<form method="post"><fieldset><legend>Que se passe-t-il{NNBSP}?</legend>
<button class="full" name="decision" value="payer">Payer {amount} par carte</button>
<button class="full" name="decision" value="prelever">Payer {amount} par prélèvement</button>
<button name="decision" value="refuser">Faire refuser la carte</button>
<button name="decision" value="rejeter">Faire refuser le prélèvement</button>
<button class="stop" name="decision" value="abandonner">Abandonner et revenir au site</button>
</fieldset></form>""",
    )


def decided_page(payment: Payment, address: str) -> str:
    """The payer came back to a payment already decided."""
    return _page(
        "Paiement terminé",
        f"""<h1>Ce paiement est déjà terminé</h1>
<p>Il n’y a rien à refaire{NNBSP}: {euros(payment.amount_cents)}, référence
{escape(payment.reference)}.</p>
<p><a class="button" href="{escape(address)}">Revenir au site</a></p>""",
    )


def refused_page(reason: str) -> str:
    """The bank does not accept the shop's request."""
    return _page(
        "Demande refusée",
        f"""<h1>La banque n’accepte pas cette demande</h1>
<p>{escape(reason)[:1].upper()}{escape(reason)[1:]}.</p>
<p>Rien n’a été payé. Revenez au site de la mairie et recommencez.</p>""",
    )


def home_page() -> str:
    """What this server is."""
    return _page(
        "Simulateur de banque",
        """<h1>Simulateur de banque</h1>
<p>Il parle SP Plus, Systempay V2 et PayFiP pour la ville de démonstration. On y arrive en payant
une facture sur l’espace famille.</p>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – simulateur de banque</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css"></head>
<body><header class="sim"><p>Simulateur de banque{NNBSP}: aucun argent ne circule ici.</p></header>
<main><div class="sheet">
{body}
</div></main></body></html>"""
