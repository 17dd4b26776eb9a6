"""What becomes of an action: accepted or refused, charged or not, and at what price."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from preau.rulebook.engine.amounts import worth
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.limits import Moment, limit_of, sentence_of
from preau.rulebook.engine.prices import (
    Price,
    PriceLine,
    penalties,
    proposals,
    service_price,
)
from preau.rulebook.engine.rounding import round_cents
from preau.rulebook.engine.words import COLON, euros, percent, signed
from preau.rulebook.errors import Undecided
from preau.rulebook.rules.moments import Absence, Access
from preau.rulebook.when import french_instant

BOOKING = ("book", "prebook", "change", "order", "enrol")
STOPS = ("refused", "blocked", "expired")


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of an action.

    ``outcome``: accepted, refused, waiting_list, pending (an agent or the capacity will say),
    proposal (an agent decides), blocked, expired, ambiguous (the rules do not say).
    ``charged``: whether something is due for the service (None: this action settles nothing).
    ``cents``: what is due, surcharges included and penalties apart; None when no tariff is
    written or when the amount cannot be known (``undecided`` says why). ``proposed_cents`` is what
    an agent may add. ``credit_cents`` goes to the account.
    """

    outcome: str
    charged: bool | None = None
    cents: int | None = None
    surcharge_cents: int = 0
    penalty_cents: int = 0
    proposed_cents: int = 0
    credit_cents: int = 0
    proposal: bool = False
    lines: tuple[PriceLine, ...] = ()
    sentences: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    limit_at: datetime | None = None
    late: bool | None = None
    readings: tuple[str, ...] = ()
    undecided: str = ""
    version: str = ""


def decide_in(context: Context, action: str) -> Decision:
    """Decide one action under one reading of the rules."""
    if action in BOOKING:
        decision = _book(context, action)
        if decision.outcome not in STOPS:
            due = penalties(context)
            decision = _with_penalties(decision, due) if due else decision
    elif action == "cancel":
        decision = _cancel(context)
    elif action == "absence":
        decision = _absence(context, limit_of(context, "absence"))
    elif action == "attend":
        decision = _attend(context)
    elif action == "late_pickup":
        decision = _penalty(context)
    else:
        decision = _other(context, action)
    return replace(decision, version=context.book.version or context.book.name)


def access_rule(context: Context, action: str) -> Access | None:
    for rule in context.rules("access"):
        if (not rule.actions or action in rule.actions) and context.applies(rule):
            return rule
    return None


def _price(context: Context) -> Price | None:
    """The price, or None when the town wrote no tariff for this activity."""
    if not context.activity.priced or not context.rules("tariffs"):
        return None
    return service_price(context)


def _priced_or_not(context: Context) -> tuple[Price | None, Undecided | None]:
    """The price, or why it is not known: an action is settled even when its amount is not."""
    try:
        return _price(context), None
    except Undecided as undecided:
        return None, undecided


def _unknown_amount(undecided: Undecided) -> str:
    return f"montant à déterminer{COLON}{undecided.reason}"


def _ids_of(undecided: Undecided | None) -> tuple[str, ...]:
    return (undecided.rule_id,) if undecided and undecided.rule_id else ()


def _why(rule: Access) -> str:
    word = {
        "refused": "refusé",
        "waiting_list": "liste d’attente",
        "pending": "en attente de validation",
        "proposal": "à décider par un agent",
        "blocked": "bloqué en ligne jusqu’à régularisation",
        "expired": "réservation expirée",
    }.get(rule.outcome, "accepté")
    return f"{rule.name}{COLON}{word}"


def _book(context: Context, action: str) -> Decision:
    access = access_rule(context, action)
    if access is not None and access.outcome in STOPS:
        return Decision(
            access.outcome, charged=False, sentences=(_why(access),), rule_ids=(access.id,)
        )
    outcome, sentences, ids, moment, late = "accepted", [], [], None, None
    if context.at is not None:
        moment = limit_of(context, action)
    if moment is not None and context.at is not None:
        ids.append(moment.rule.id)
        sentences.append(f"{moment.rule.name}{COLON}{sentence_of(moment, action)}")
        if moment.opens_at is not None and moment.early(context.at):
            sentences.append(f"trop tôt{COLON}ouverture {french_instant(moment.opens_at)}")
            return Decision(
                "refused",
                False,
                sentences=tuple(sentences),
                rule_ids=tuple(ids),
                limit_at=moment.closes_at,
                late=False,
            )
        late = not moment.met(context.at)
        outcome = moment.rule.late if late else moment.rule.in_time
        if late:
            sentences.append(f"demandé {french_instant(context.at)}{COLON}trop tard")
        if outcome == "refused":
            return Decision(
                "refused",
                False,
                sentences=tuple(sentences),
                rule_ids=tuple(ids),
                limit_at=moment.closes_at,
                late=late,
            )
        if outcome in ("charged", "not_charged"):
            outcome = "accepted"
    if access is not None:
        sentences.append(_why(access))
        ids.append(access.id)
        if outcome == "accepted" or access.outcome == "waiting_list":
            outcome = access.outcome
    return _priced(context, outcome, sentences, ids, moment, late)


def _priced(
    context: Context,
    outcome: str,
    sentences: list[str],
    ids: list[str],
    moment: Moment | None,
    late: bool | None,
) -> Decision:
    price, undecided = _priced_or_not(context)
    limit_at = moment.closes_at if moment else None
    if price is None:
        if undecided:
            sentences.append(_unknown_amount(undecided))
        return Decision(
            outcome,
            charged=True,
            sentences=tuple(sentences),
            rule_ids=(*ids, *_ids_of(undecided)),
            limit_at=limit_at,
            late=late,
            proposal=outcome == "proposal",
            undecided=undecided.reason if undecided else "",
        )
    extra = proposals(context)
    sentences = [
        *sentences,
        *price.sentences,
        *(f"{line.sentence} (proposé à un agent)" for line in extra),
    ]
    return Decision(
        outcome,
        True,
        price.cents,
        price.surcharge_cents,
        proposed_cents=sum(line.cents for line in extra),
        proposal=bool(extra) or outcome == "proposal",
        lines=price.lines,
        sentences=tuple(sentences),
        rule_ids=(*ids, *price.rule_ids, *(line.rule_id for line in extra)),
        limit_at=limit_at,
        late=late,
    )


def _attend(context: Context) -> Decision:
    access = access_rule(context, "attend")
    if access is not None and access.outcome in STOPS:
        return Decision(access.outcome, False, sentences=(_why(access),), rule_ids=(access.id,))
    sentences, ids = ([_why(access)], [access.id]) if access else ([], [])
    decision = _priced(
        context, access.outcome if access else "accepted", sentences, ids, None, None
    )
    late = penalties(context)
    return _with_penalties(decision, late) if late else decision


def _with_penalties(decision: Decision, found: tuple[tuple[PriceLine, bool], ...]) -> Decision:
    due = [line for line, proposal in found if not proposal]
    proposed = [line for line, proposal in found if proposal]
    return replace(
        decision,
        penalty_cents=sum(line.cents for line in due),
        proposed_cents=decision.proposed_cents + sum(line.cents for line in proposed),
        proposal=decision.proposal or bool(proposed),
        lines=(*decision.lines, *due),
        sentences=(*decision.sentences, *(line.sentence for line, _ in found)),
        rule_ids=(*decision.rule_ids, *(line.rule_id for line, _ in found)),
    )


def _penalty(context: Context) -> Decision:
    found = penalties(context)
    if not found:
        return Decision("accepted", False, 0, sentences=("aucune pénalité",))
    proposed = all(proposal for _, proposal in found)
    base = Decision("proposal" if proposed else "accepted", not proposed, 0)
    return _with_penalties(base, found)


def _other(context: Context, action: str) -> Decision:
    access = access_rule(context, action)
    sentences, ids = [], []
    outcome: str = "accepted"
    if access is not None:
        outcome = access.outcome
        sentences.append(_why(access))
        ids.append(access.id)
    if context.at is not None and outcome == "accepted":
        moment = limit_of(context, action)
        if moment is not None:
            late = not moment.met(context.at) or moment.early(context.at)
            sentences.append(f"{moment.rule.name}{COLON}{sentence_of(moment, action)}")
            ids.append(moment.rule.id)
            outcome = moment.rule.late if late else moment.rule.in_time
    decision = Decision(
        outcome, sentences=tuple(sentences), rule_ids=tuple(ids), proposal=outcome == "proposal"
    )
    found = penalties(context)
    return _with_penalties(decision, found) if found else decision


def _cancel(context: Context) -> Decision:
    access = access_rule(context, "cancel")
    if access is not None and access.outcome in STOPS:
        kept = _settle(context, None, Fraction(100))
        return replace(
            kept,
            outcome=access.outcome,
            sentences=(_why(access), *kept.sentences),
            rule_ids=(access.id, *kept.rule_ids),
        )
    moment = limit_of(context, "cancel")
    if moment is not None and context.at is None and context.get("notice_at") is None:
        moment = None
    return _absence(context, moment)


def _absence_rule(context: Context, action: str) -> Absence | None:
    for rule in context.rules("absences"):
        if (not rule.actions or action in rule.actions) and context.applies(rule):
            return rule
    return None


def _absence(context: Context, moment: Moment | None) -> Decision:
    action = context.action or "absence"
    rule = _absence_rule(context, action)
    asked = context.get("notice_at") or context.at
    late = None
    said: list[str] = []
    ids: list[str] = []
    if moment is not None and asked is not None:
        late = not moment.met(asked)
        said.append(f"{moment.rule.name}{COLON}{sentence_of(moment, action)}")
        ids.append(moment.rule.id)
        if late:
            said.append(f"demandé {french_instant(asked)}{COLON}trop tard")
    if rule is not None:
        decision = _settle(context, rule, Fraction(rule.charge))
        outcome = "proposal" if rule.proposal else _outcome(action, rule.charge)
    else:
        if late is None and action == "absence":
            charge, settled = Fraction(100), "accepted"
            said.append("aucune règle d’absence ne libère ce jour")
        else:
            how = moment.rule.late if late and moment else "not_charged"
            charge = Fraction(0) if how in ("not_charged", "accepted") else Fraction(100)
            settled = how if how in ("proposal", "pending", "waiting_list") else ""
        decision = _settle(context, None, charge)
        outcome = settled or _outcome(action, charge)
    return replace(
        decision,
        outcome=outcome,
        sentences=(*said, *decision.sentences),
        rule_ids=(*ids, *decision.rule_ids),
        late=late,
        limit_at=moment.closes_at if moment else None,
        proposal=decision.proposal or outcome == "proposal",
    )


def _outcome(action: str, charge: Fraction | Decimal) -> str:
    """A cancellation that leaves the whole price due is no cancellation."""
    return "refused" if action == "cancel" and charge == 100 else "accepted"


def _settle(context: Context, rule: Absence | None, charge: Fraction) -> Decision:
    """What stays due of the price: a percentage or an amount, plus a surcharge."""
    price, undecided = _priced_or_not(context)
    full = price.cents if price else None
    rounding = context.book.rounding
    name = rule.name if rule else ""
    ids = (rule.id,) if rule else ()
    lines: list[PriceLine] = []
    cents: int | None
    if rule is not None and rule.amount is not None:
        cents = int(round_cents(worth(rule.amount, context, rule.id).value * 100, rounding))
        lines.append(PriceLine(name, cents, rule.id, f"{name} → {euros(cents)}"))
        charged = cents > 0
    else:
        charged = charge > 0
        cents = None if full is None else int(round_cents(Fraction(full) * charge / 100, rounding))
        if not charged:
            cents = 0
            sentence = f"{name}{COLON}non facturé" if name else "signalé à temps : non facturé"
            lines.append(PriceLine(name or "Non facturé", 0, ids[0] if ids else "", sentence))
        elif charge == 100:
            if name:
                lines.append(PriceLine(name, 0, ids[0], f"{name}{COLON}facturé"))
            lines.extend(price.lines if price else ())
        else:
            part = percent(charge)
            tail = f" → {euros(cents)}" if cents is not None else ""
            lines.append(
                PriceLine(
                    name, cents or 0, ids[0] if ids else "", f"{name}{COLON}{part} du prix{tail}"
                )
            )
    surcharge = 0
    if rule is not None and rule.surcharge is not None:
        surcharge = int(round_cents(worth(rule.surcharge, context, rule.id).value * 100, rounding))
        lines.append(
            PriceLine(name, surcharge, rule.id, f"{name}{COLON}{signed(surcharge)}", "surcharge")
        )
        cents = (cents or 0) + surcharge if cents is not None else None
        charged = True
    elif charged and price is not None and charge == 100:
        surcharge = price.surcharge_cents
    credit = 0
    if rule is not None and rule.credit and full is not None and cents is not None:
        credit = max(0, full - cents)
    said = [line.sentence for line in lines]
    if undecided and charged and cents is None:
        said.append(_unknown_amount(undecided))
        ids = (*ids, *_ids_of(undecided))
    return Decision(
        "accepted",
        charged,
        cents,
        surcharge,
        credit_cents=credit,
        proposal=bool(rule and rule.proposal),
        lines=tuple(lines),
        sentences=tuple(said),
        rule_ids=(*ids, *(price.rule_ids if price and charged else ())),
        undecided=undecided.reason if undecided and cents is None else "",
    )
