"""Charges, invoices and the ledger, each per cash office: one file a subject."""

from preau.billing.models.changes import Regularisation
from preau.billing.models.counter import CounterPart, CounterPayment, TillBalance
from preau.billing.models.invoices import BillingRun, Invoice, InvoiceLine, NumberSequence
from preau.billing.models.ledger import (
    Allocation,
    CreditReturn,
    FamilyAccount,
    LedgerLine,
    Movement,
)
from preau.billing.models.offices import (
    ActivityAccounting,
    CashOffice,
    CashOfficeAct,
    CashOfficePerson,
    InvoicePer,
    PayerRule,
    ProductAccounting,
    WhenShort,
)
from preau.billing.models.prepaid import PrepaidHold
from preau.billing.models.registrations import RegistrationPaid
from preau.billing.models.shares import (
    Agreement,
    ThirdParty,
    ThirdPartyAccount,
    ThirdPartyCreditUse,
    ThirdPartyInvoice,
    ThirdPartyLine,
    ThirdPartyPayment,
)

__all__ = [
    "ActivityAccounting",
    "Agreement",
    "Allocation",
    "BillingRun",
    "CashOffice",
    "CashOfficeAct",
    "CashOfficePerson",
    "CounterPart",
    "CounterPayment",
    "CreditReturn",
    "FamilyAccount",
    "Invoice",
    "InvoiceLine",
    "InvoicePer",
    "LedgerLine",
    "Movement",
    "NumberSequence",
    "PayerRule",
    "PrepaidHold",
    "ProductAccounting",
    "RegistrationPaid",
    "Regularisation",
    "ThirdParty",
    "ThirdPartyAccount",
    "ThirdPartyCreditUse",
    "ThirdPartyInvoice",
    "ThirdPartyLine",
    "ThirdPartyPayment",
    "TillBalance",
    "WhenShort",
]
