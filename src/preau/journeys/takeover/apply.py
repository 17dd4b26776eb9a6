"""Writing a take-over: batches of families, each batch in a transaction of its own.

A family whose former code is here is done: run again after a kill, the take-over goes on where it
stopped, and nothing is written twice. A batch that the database refuses is tried again family by
family, so that one family's fault is that family's alone.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from preau.billing.bringing import OpeningBalance, opening_totals, post_opening_balances
from preau.directdebit.bulk import FormerMandate, record_mandates
from preau.enrolments.bulk import NewEnrolment, enrol_many
from preau.families import bulk_quotients
from preau.families import takeover as families
from preau.families.bulk_quotients import NewQuotient
from preau.journeys.takeover.plan import Draft, Plan
from preau.journeys.takeover.reading import Note
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal

AT_ONCE = 500

Progress = Callable[[int], None]


def apply_plan(
    plan: Plan, *, as_of: date, now: datetime, actor: Actor, progress: Progress | None = None
) -> list[Note]:
    """Open the plan's families. What the database still refused is noted, by line."""
    refused: list[Note] = []
    kept = plan.kept
    done = 0
    for start in range(0, len(kept), AT_ONCE):
        batch = kept[start : start + AT_ONCE]
        try:
            _write(batch, as_of=as_of, now=now, actor=actor)
            done += len(batch)
        except (IntegrityError, Refusal):
            for draft in batch:
                try:
                    _write([draft], as_of=as_of, now=now, actor=actor)
                    done += 1
                except Refusal as error:
                    refused.append(_note(draft, str(error)))
                except IntegrityError as error:
                    refused.append(_note(draft, f"la base a refusé cette famille : {_name(error)}"))
        if progress is not None:
            progress(done)
    return refused


@transaction.atomic
def _write(batch: Sequence[Draft], *, as_of: date, now: datetime, actor: Actor) -> None:
    here = families.known_families([draft.file.former_code for draft in batch])
    batch = [draft for draft in batch if draft.file.former_code not in here]
    if not batch:
        return
    children = families.open_files(files=[draft.file for draft in batch], now=now, actor=actor)
    quotients: dict[str, list[NewQuotient]] = {}
    balances: dict[int, list[OpeningBalance]] = {}
    enrolments: list[NewEnrolment] = []
    mandates: list[FormerMandate] = []
    for draft in batch:
        family_id = draft.file.family_id
        assert family_id is not None
        for quotient in draft.quotients:
            quotients.setdefault(quotient.source, []).append(
                NewQuotient(family_id, quotient.value_cents, quotient.starts_on, quotient.ends_on)
            )
        for office_id, cents in draft.balances.items():
            balances.setdefault(office_id, []).append(OpeningBalance(family_id, cents))
        enrolments += [
            NewEnrolment(
                children[enrolment.child],
                family_id,
                enrolment.offering_id,
                enrolment.starts_on,
                enrolment.ends_on,
            )
            for enrolment in draft.enrolments
        ]
        mandates += [
            FormerMandate(
                family_id=family_id,
                cash_office_id=m.cash_office_id,
                reference=m.reference,
                holder=m.holder,
                iban=m.iban,
                bic=m.bic,
                signed_on=m.signed_on,
                last_used_on=m.last_used_on,
            )
            for m in draft.mandates
        ]
    for source, rows in quotients.items():
        bulk_quotients.record_quotients(quotients=rows, source=source, now=now, actor=actor)
    if enrolments:
        enrol_many(enrolments=enrolments, channel=Channel.SYSTEM, now=now, actor=actor)
    for office_id, brought in balances.items():
        post_opening_balances(
            cash_office_id=office_id, balances=brought, as_of=as_of, now=now, actor=actor
        )
    if mandates:
        record_mandates(mandates=mandates, now=now, actor=actor)


def written_totals(plan: Plan) -> dict[str, list[int]]:
    """[owed, in advance] in cents by cash office, as the ledger now holds them for the families
    of the file: what the reconciliation sets against the file's own figures."""
    ids = families.known_families(plan.drafts)
    found = opening_totals(family_ids=list(ids.values()))
    return {plan.offices.get(pk, str(pk)): list(pair) for pk, pair in found.items()}


def _note(draft: Draft, reason: str) -> Note:
    return Note("familles", draft.line, draft.file.former_code, reason[:300])


def _name(error: IntegrityError) -> str:
    diag = getattr(error.__cause__, "diag", None)
    return str(getattr(diag, "constraint_name", "") or "donnée refusée")
