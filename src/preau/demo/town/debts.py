"""Direct debit, reminders, a titre and an instalment plan: money when it is late."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from preau.billing.queries import unpaid_invoices
from preau.demo.bank.merchants import DEMO_TITRE_NUMCLI
from preau.demo.town.population import DemoHome
from preau.demo.town.story import Story
from preau.directdebit import services as directdebit
from preau.directdebit.creditors import DEFAULT_TEXT
from preau.directdebit.queries import creditor_of
from preau.families.queries import get_families, payers_of
from preau.journeys import debts
from preau.kernel.errors import Refusal
from preau.payments.gateways import save_gateway
from preau.recovery import reminders, services
from preau.recovery.settings import DEFAULT_LEVELS

OFFICE = "enfance"
COLLECTED, PREPARED = 18, 14


def owe_and_collect(story: Story, homes: dict[str, DemoHome]) -> None:
    """Mandates, a collection with its reject, another prepared; reminders, a titre, a plan."""
    _decide(story)
    special = {home.family_id for home in homes.values()}
    late = [
        invoice
        for invoice in unpaid_invoices().filter(cash_office_id=story.offices[OFFICE])
        if invoice.family_id not in special
    ]
    families = list(dict.fromkeys(invoice.family_id for invoice in late))
    _debit(story, families[:COLLECTED], families[COLLECTED : COLLECTED + PREPARED])
    with suppress(Refusal):  # early in the year nothing is late yet
        _remind(story)
        _hand_over(story)
    _in_several_times(story, [i for i in late if i.family_id in families[COLLECTED + PREPARED :]])


def _decide(story: Story) -> None:
    actor, office_id = story.agent("ACCOUNTANT"), story.offices[OFFICE]
    directdebit.save_creditor(
        cash_office_id=office_id,
        ics="FR72ZZZ123456",
        name="Ville, régie Enfance et éducation",
        iban=_iban(900_000_000),
        bic="",
        schema="pain.008.001.08",
        notice_days=14,
        max_rejects=2,
        mandate_text=DEFAULT_TEXT,
        is_active=True,
        actor=actor,
        now=story.opening,
    )
    for rank, name, days, channel, text in DEFAULT_LEVELS:
        services.save_level(
            rank=rank,
            name=name,
            days=days - 10 * (rank - 1),
            channel=channel,
            text=text,
            is_active=True,
            actor=actor,
            now=story.opening,
        )
    services.save_treasury(
        name="Service de gestion comptable",
        address="2 rue du Trésor public",
        phone="0199001299",
        days_after_last=5,
        actor=actor,
        now=story.opening,
    )
    services.save_instalment_rule(
        cash_office_id=office_id,
        decision="Délibération 2026-06-17",
        decided_on=date(2026, 6, 25),
        min_cents=6_000,
        max_count=3,
        is_active=True,
        actor=actor,
        now=story.opening,
    )
    save_gateway(
        cash_office_id=office_id,
        use="TITRE",
        gateway="PAYFIP",
        options={"numcli": DEMO_TITRE_NUMCLI, "saisie": "T", "service_url": settings.DEMO_BANK_URL},
        secret="",
        is_test=True,
        is_active=True,
        actor=actor,
        now=story.opening,
    )


def _debit(story: Story, first: list[int], second: list[int]) -> None:
    """One collection, debited five days ago, with a reject; another one, to be looked through."""
    cashier, office_id = story.agent("CASHIER"), story.offices[OFFICE]
    payers = payers_of([*first, *second])

    def sign(family_id: int, rank: int, days: float) -> Any:
        return directdebit.sign_mandate(
            family_id=family_id,
            cash_office_id=office_id,
            holder=str(payers.get(family_id, "")),
            iban=_iban(rank),
            actor=cashier,
            now=story.ago(days),
        )

    for rank, family_id in enumerate(first, 1):
        sign(family_id, rank, 40)
    with suppress(Refusal):
        now = story.ago(20)
        batch = directdebit.prepare_batch(
            cash_office_id=office_id,
            collection_on=(now + timedelta(days=15)).date(),
            actor=cashier,
            now=now,
        )
        directdebit.approve_batch(batch_id=batch.pk, actor=cashier, now=now)
        directdebit.take_file(batch_id=batch.pk, actor=cashier, now=now)
        directdebit.collect_due(now=max(story.ago(4), now + timedelta(days=15)))
        returned = batch.debits.order_by("pk").first()
        if returned is not None:
            directdebit.record_reject(
                debit_id=returned.pk, code="AM04", actor=cashier, now=story.ago(2)
            )
    _read_bank(story, code=next(iter(get_families(second[:1]).values())).code if second else "")
    for rank, family_id in enumerate(second, 100):
        sign(family_id, rank, 8)
    creditor = creditor_of(office_id)
    if creditor is None:
        return
    with suppress(Refusal):
        debts.prepare_debits(
            cash_office_id=office_id,
            collection_on=directdebit.suggested_day(creditor, story.today),
            actor=cashier,
            now=story.now,
        )


def _read_bank(story: Story, *, code: str) -> None:
    """The bank's notice of the eve: a transfer that names its family, two that an agent sorts."""
    lines = [
        (8_450, f"CANTINE {code}", "M FAURE"),
        (6_200, "REGLEMENT CENTRE DE LOISIRS", "MME LEROY CLAIRE"),
        (12_000, "VIR ECOLE OCTOBRE", "DUPONT ET LEGRAND"),
    ]
    day = story.ago(1).date().isoformat()
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{cents / 100:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>VIR{rank:06d}</AcctSvcrRef><NtryDtls>"
        f"<TxDtls><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{words}</Ustrd>"
        "</RmtInf></TxDtls></NtryDtls></Ntry>"
        for rank, (cents, words, name) in enumerate(lines, 1)
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"><BkToCstmrDbtCdtNtfctn>'
        f"<GrpHdr><MsgId>AVIS-{day}</MsgId></GrpHdr><Ntfctn><Acct><Id><IBAN>{_iban(900_000_000)}"
        f"</IBAN></Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )
    directdebit.import_file(
        cash_office_id=story.offices[OFFICE],
        name=f"avis-{day}.xml",
        content=content.encode(),
        actor=story.agent("CASHIER"),
        now=story.ago(1),
    )


def _remind(story: Story) -> None:
    actor, office_id = story.agent("ACCOUNTANT"), story.offices[OFFICE]
    for level, days, most in zip(reminders.levels(), (17.0, 7.0), (200, 20), strict=False):
        now = story.ago(days)
        found = debts.reminder_preview(cash_office_id=office_id, level=level, now=now)
        found = replace(found, concerned=found.concerned[:most])
        run = services.send_reminders(cash_office_id=office_id, found=found, actor=actor, now=now)
        services.work(run_id=run.pk, spared={}, now=now)


def _hand_over(story: Story) -> None:
    """A list that the ordonnateur received; one titre of it is recorded."""
    actor, office_id = story.agent("ACCOUNTANT"), story.offices[OFFICE]
    now = story.ago(2)
    drawn = debts.prepare_list(cash_office_id=office_id, actor=actor, now=now)
    services.approve_list(list_id=drawn.pk, actor=actor, now=now)
    items = list(drawn.items.filter(excluded_because="").order_by("-amount_cents"))
    family_id = items[0].family_id
    services.record_titre(
        list_id=drawn.pk,
        family_id=family_id,
        number="1204",
        issued_on=story.today,
        amount_cents=sum(item.amount_cents for item in items if item.family_id == family_id),
        reference=f"{story.today.year}001204",
        actor=actor,
        now=story.now,
    )


def _in_several_times(story: Story, late: list[Any]) -> None:
    large = sorted(late, key=lambda invoice: (-invoice.due_on.toordinal(), -invoice.left_cents))
    for invoice in large:
        with suppress(Refusal):
            services.open_plan(
                invoice_number=invoice.number,
                family_id=invoice.family_id,
                count=3,
                actor=story.agent("CASHIER"),
                now=story.ago(3),
            )
            return


def _iban(account: int) -> str:
    """A French IBAN whose keys are right; of no one's account."""
    bank, branch, number = 30006, 1, account
    key = 97 - (89 * bank + 15 * branch + 3 * number) % 97
    bban = f"{bank:05d}{branch:05d}{number:011d}{key:02d}"
    return f"FR{98 - int(bban + '152700') % 97:02d}{bban}"
