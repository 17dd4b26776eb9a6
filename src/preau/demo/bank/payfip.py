"""PayFiP's side: the description of its SOAP service, its three operations, and nothing signed.

Written from the published contract, with its own XML, apart from the client that it judges.
"""

import re
import time
import uuid
from xml.etree import ElementTree
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from preau.demo.bank.book import Book, Payment
from preau.demo.bank.merchants import PAYFIP, Merchant
from preau.kernel.clock import utc_now

CARD, DEBIT = "payer", "prelever"
RESULTS = {CARD: "P", DEBIT: "V", "refuser": "R", "rejeter": "Z", "abandonner": "A"}
DECISIONS = tuple(RESULTS)
DAY_S = 86_400.0

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ROOT = "http://securite.service.tpa.cp.finances.gouv.fr"
_SERVICE = f"{_ROOT}/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService"
_REQUEST, _RESPONSE = f"{_ROOT}/requete", f"{_ROOT}/reponse"
_FAULT = "fr.gouv.finances.cp.tpa.webservice.exceptions.FonctionnelleErreur"
_FAULTS = ("FonctionnelleErreur", "TechDysfonctionnementErreur", "TechIndisponibiliteErreur",
           "TechProtocolaireErreur")  # fmt: skip
_OPERATIONS = {
    "creerPaiementSecurise": (
        "q:CreerPaiementSecuriseRequest", "r:CreerPaiementSecuriseResponse",
    ),
    "recupererDetailClient": (
        "r:RecupererDetailClientRequest", "r:RecupererDetailClientResponse",
    ),
    "recupererDetailPaiementSecurise": (
        "r:RecupererDetailPaiementSecuriseRequest", "r:RecupererDetailPaiementSecuriseResponse",
    ),
}  # fmt: skip
_TYPES = {
    "q": {
        "CreerPaiementSecuriseRequest": "exer mel montant numcli objet refdet saisie urlnotif "
        "urlredirect",
    },
    "r": {
        "CreerPaiementSecuriseResponse": "idOp",
        "RecupererDetailClientRequest": "numCli",
        "RecupererDetailClientResponse": "libelleN1 libelleN2 libelleN3 numcli",
        "RecupererDetailPaiementSecuriseRequest": "idOp",
        "RecupererDetailPaiementSecuriseResponse": "dattrans exer heurtrans idOp mel montant "
        "numauto numcli objet refdet resultrans saisie",
    },
}
DETAIL = tuple(_TYPES["r"]["RecupererDetailPaiementSecuriseResponse"].split())


class Fault(Exception):
    """The service refuses; a code of PayFiP and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code, words)
        self.code, self.words = code, words


def wsdl(root: str) -> str:
    """The description of the service, whose address is under `root`."""
    schemas = "".join(
        f'<xs:schema targetNamespace="{space}" elementFormDefault="unqualified">'
        + "".join(
            f'<xs:complexType name="{name}"><xs:sequence>'
            + "".join(
                f'<xs:element name="{item}" type="xs:string" minOccurs="0"/>'
                for item in items.split()
            )
            + "</xs:sequence></xs:complexType>"
            for name, items in _TYPES[prefix].items()
        )
        + "</xs:schema>"
        for prefix, space in (("q", _REQUEST), ("r", _RESPONSE))
    )
    elements = "".join(
        f'<xs:element name="{name}" type="t:{name}"/>'
        f'<xs:element name="{name}Response" type="t:{name}Response"/>'
        f'<xs:complexType name="{name}"><xs:sequence><xs:element name="arg0" type="{asked}" '
        'minOccurs="0"/></xs:sequence></xs:complexType>'
        f'<xs:complexType name="{name}Response"><xs:sequence><xs:element name="return" '
        f'type="{told}" minOccurs="0"/></xs:sequence></xs:complexType>'
        for name, (asked, told) in _OPERATIONS.items()
    ) + "".join(
        f'<xs:element name="{name}" type="t:{name}"/><xs:complexType name="{name}"><xs:sequence>'
        + "".join(
            f'<xs:element name="{item}" type="xs:string" minOccurs="0"/>'
            for item in ("code", "descriptif", "libelle", "message")
        )
        + '<xs:element name="severite" type="xs:int"/></xs:sequence></xs:complexType>'
        for name in _FAULTS
    )
    messages = "".join(
        f'<message name="{name}"><part name="parameters" element="t:{name}"/></message>'
        f'<message name="{name}Response"><part name="parameters" element="t:{name}Response"/>'
        "</message>"
        for name in _OPERATIONS
    ) + "".join(
        f'<message name="{name}"><part name="fault" element="t:{name}"/></message>'
        for name in _FAULTS
    )
    port = "".join(
        f'<operation name="{name}"><input message="t:{name}"/>'
        f'<output message="t:{name}Response"/>'
        + "".join(f'<fault message="t:{fault}" name="{fault}"/>' for fault in _FAULTS)
        + "</operation>"
        for name in _OPERATIONS
    )
    binding = "".join(
        f'<operation name="{name}"><soap:operation soapAction=""/>'
        '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>'
        + "".join(
            f'<fault name="{fault}"><soap:fault name="{fault}" use="literal"/></fault>'
            for fault in _FAULTS
        )
        + "</operation>"
        for name in _OPERATIONS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:t="{_SERVICE}" xmlns:q="{_REQUEST}" xmlns:r="{_RESPONSE}" '
        f'targetNamespace="{_SERVICE}" name="PaiementSecuriseService"><types>{schemas}'
        f'<xs:schema targetNamespace="{_SERVICE}"><xs:import namespace="{_REQUEST}"/>'
        f'<xs:import namespace="{_RESPONSE}"/>{elements}</xs:schema></types>{messages}'
        f'<portType name="PaiementSecuriseService">{port}</portType>'
        '<binding name="PaiementSecuriseServicePortBinding" type="t:PaiementSecuriseService">'
        '<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>'
        f"{binding}</binding>"
        '<service name="PaiementSecuriseService"><port name="PaiementSecuriseServicePort" '
        'binding="t:PaiementSecuriseServicePortBinding">'
        f'<soap:address location="{escape(root)}/tpa/services/securite"/></port></service>'
        "</definitions>"
    )


def answer(body: str, book: Book, merchants: list[Merchant]) -> tuple[int, str]:
    """(HTTP status, envelope) of one call. The caller holds the book."""
    try:
        name, fields = _read(body)
        match name:
            case "creerPaiementSecurise":
                payment = _open(fields, merchants)
                book.save(payment)
                return _told(name, {"idOp": payment.token})
            case "recupererDetailPaiementSecurise":
                return _told(name, _detail(fields.get("idOp", ""), book))
            case "recupererDetailClient":
                merchant = _merchant(fields.get("numCli", ""), merchants)
                return _told(name, {"libelleN1": merchant.label, "numcli": merchant.number})
        raise Fault("T0", "opération inconnue")
    except Fault as fault:
        book.refusals.append(f"PayFiP {fault.code} : {fault.words}")
        return 500, told_fault(fault)


def told_fault(fault: Fault) -> str:
    """A refusal of the service, as it words them."""
    return _envelope(
        f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{_FAULT}</faultstring><detail>"
        f'<t:FonctionnelleErreur xmlns:t="{_SERVICE}"><code>{escape(fault.code)}</code>'
        f"<descriptif>{escape(fault.words)}</descriptif><libelle>{escape(fault.words)}"
        "</libelle><severite>2</severite></t:FonctionnelleErreur></detail></s:Fault>"
    )


def is_over(payment: Payment, life_s: float) -> bool:
    """Whether the operation can no longer be paid."""
    return time.time() > payment.opened_at + life_s


def outcome(payment: Payment) -> dict[str, str]:
    """What the service tells of a decided operation."""
    paris = utc_now().astimezone(ZoneInfo("Europe/Paris"))
    result = RESULTS.get(payment.decision, "P")
    return {
        **{name: payment.fields.get(name, "") for name in DETAIL},
        "dattrans": f"{paris:%d%m%Y}",
        "heurtrans": f"{paris:%H%M}",
        "idOp": payment.token,
        "numauto": "112233" if result == "P" else "",
        "resultrans": result,
    }


def _read(body: str) -> tuple[str, dict[str, str]]:
    """The operation asked and its fields. No DTD, no entity: nothing to expand."""
    if "<!" in body:
        raise Fault("T1", "message illisible")
    try:
        tree = ElementTree.fromstring(body.encode("utf-8"))  # noqa: S314 (no DTD)
    except ElementTree.ParseError as error:
        raise Fault("T1", "message illisible") from error
    inside = tree.find(f"{{{_SOAP}}}Body")
    if tree.tag != f"{{{_SOAP}}}Envelope" or inside is None or len(inside) != 1:
        raise Fault("T1", "enveloppe attendue")
    call = inside[0]
    argument = call.find("arg0")
    if argument is None:
        raise Fault("T1", "arg0 attendu")
    fields = {item.tag: item.text or "" for item in argument}
    return call.tag.removeprefix(f"{{{_SERVICE}}}"), fields


def _open(fields: dict[str, str], merchants: list[Merchant]) -> Payment:
    merchant = _merchant(fields.get("numcli", ""), merchants)
    rules = {
        "saisie": ("T2", "[TXW]"),
        "exer": ("T3", "[0-9]{4}"),
        "refdet": ("R1", "[A-Za-z0-9]{1,30}"),
        "montant": ("M1", "[0-9]{1,8}"),
        "mel": ("A1", r"(?=.{6,80}$)[^@\s]+@[^@\s]+\.[^@\s]+"),
        "urlnotif": ("U1", "https?://[^?#]+"),
        "urlredirect": ("U2", "https?://[^?#]+"),
    }
    for name, (code, shape) in rules.items():
        if not re.fullmatch(shape, fields.get(name, "")):
            raise Fault(code, f"{name} : valeur refusée")
    if not re.fullmatch("[A-Za-z0-9 ]{0,100}", fields.get("objet", "")):
        raise Fault("O1", "objet : lettres, chiffres et espaces, 100 au plus")
    if fields["saisie"] not in merchant.keys:
        raise Fault("T2", "saisie : ce mode n'est pas ouvert pour ce client")
    if not 100 <= int(fields["montant"]) <= 10_000_000:
        raise Fault("M2", "montant : de 1 à 100 000 euros")
    return Payment(
        token=str(uuid.uuid4()),
        protocol=PAYFIP,
        merchant=merchant.number,
        label=merchant.label,
        reference=fields["refdet"],
        amount_cents=int(fields["montant"]),
        return_url=fields["urlredirect"],
        notify_url=fields["urlnotif"],
        fields=fields,
        bank_id="",
        opened_at=time.time(),
    )


def _detail(idop: str, book: Book) -> dict[str, str]:
    payment = book.payments.get(idop)
    if payment is None or payment.protocol != PAYFIP:
        raise Fault("P1", "opération inconnue ou effacée")
    if not payment.decision:
        if is_over(payment, DAY_S):
            raise Fault("P1", "opération inconnue ou effacée")
        raise Fault("P5", "opération en attente de paiement")
    return {**payment.answer, **book.knobs.detail}


def _merchant(number: str, merchants: list[Merchant]) -> Merchant:
    for merchant in merchants:
        if (merchant.protocol, merchant.number) == (PAYFIP, number):
            return merchant
    raise Fault("C1", "numcli inconnu")


def _told(name: str, fields: dict[str, str]) -> tuple[int, str]:
    items = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields.items() if value)
    return 200, _envelope(
        f'<t:{name}Response xmlns:t="{_SERVICE}"><return>{items}</return></t:{name}Response>'
    )


def _envelope(inside: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}"><s:Body>{inside}'
        "</s:Body></s:Envelope>"
    )
