"""Writing a rulebook as text: read again, it is the same rulebook."""

from decimal import Decimal
from typing import Any

import yaml

from preau.rulebook.facts import Fact
from preau.rulebook.rules.base import Rounding
from preau.rulebook.rules.book import SECTIONS, Activity, QuotientRules, Rulebook
from preau.rulebook.text.write_rules import write_rounding, write_rule
from preau.rulebook.text.write_values import Flow, FlowList, value_text
from preau.rulebook.when import show_minutes


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
    text = f"{value:f}"
    tag = "tag:yaml.org,2002:float" if "." in text else "tag:yaml.org,2002:int"
    return dumper.represent_scalar(tag, text)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    if "\n" in value:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    return dumper.represent_scalar("tag:yaml.org,2002:str", value)


_Dumper.add_representer(Decimal, _plain)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    Flow, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True)
)
_Dumper.add_representer(
    FlowList, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True)
)


def write_text(book: Rulebook) -> str:
    """The rulebook as YAML, sections apart, in the order of the documentation."""
    parts = [_dump(_header(book))]
    for section in SECTIONS:
        rules = getattr(book, section)
        if rules:
            parts.append(_dump({section: [write_rule(section, rule) for rule in rules]}))
    return "\n".join(parts)


def _dump(data: dict[str, Any]) -> str:
    return yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=100,
        default_flow_style=False,
    )


def _header(book: Rulebook) -> dict[str, Any]:
    data: dict[str, Any] = {"format": 1, "name": book.name}
    for key in ("version", "council_decision", "executory_on", "applies_from", "applies_until"):
        value = getattr(book, key)
        if value:
            data[key] = value
    if book.notes:
        data["notes"] = list(book.notes)
    if book.rounding != Rounding():
        data["rounding"] = write_rounding(book.rounding)
    if book.assume:
        data["assume"] = {name: value_text(value) for name, value in book.assume}
    if book.facts:
        data["facts"] = {fact.name: _fact(fact) for fact in book.facts}
    quotient = _quotient(book.quotient)
    if quotient:
        data["quotient"] = quotient
    data["activities"] = {activity.code: _activity(activity) for activity in book.activities}
    return data


def _fact(fact: Fact) -> dict[str, Any]:
    data: dict[str, Any] = Flow(type=fact.kind, label=fact.label)
    if fact.choices:
        data["choices"] = list(fact.choices)
    if fact.symbol:
        data["symbol"] = fact.symbol
    if fact.default is not None:
        data["default"] = value_text(fact.default)
    return data


def _quotient(rules: QuotientRules) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if rules.formula is not None:
        formula = rules.formula
        inner: dict[str, Any] = {"terms": []}
        for term in formula.terms:
            item = Flow(fact=term.fact)
            if term.multiply != 1:
                item["multiply"] = term.multiply
            if term.divide != 1:
                item["divide"] = term.divide
            inner["terms"].append(item)
        if formula.divided_by:
            inner["divided_by"] = FlowList(formula.divided_by)
        inner |= {"rounding": formula.rounding, "step": formula.step}
        if formula.label:
            inner["label"] = formula.label
        data["formula"] = inner
    if rules.change != "received":
        data["change"] = rules.change
    if rules.reference:
        data["reference"] = rules.reference
    if rules.backdate_months is not None:
        data["backdate_months"] = rules.backdate_months
    return data


def _activity(activity: Activity) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if activity.label:
        data["label"] = activity.label
    if activity.kind != "other":
        data["kind"] = activity.kind
    if activity.days:
        data["days"] = FlowList(activity.days)
    if activity.starts is not None:
        data["starts"] = show_minutes(activity.starts)
    if activity.cost is not None:
        data["cost"] = activity.cost
    if not activity.priced:
        data["priced"] = False
    if activity.each != "family":
        data["each"] = activity.each
    if activity.due_for:
        data["due_for"] = FlowList(activity.due_for)
    if activity.products:
        products: dict[str, Any] = {}
        for product in activity.products:
            item = Flow()
            if product.label:
                item["label"] = product.label
            if product.opens is not None:
                item["opens"] = show_minutes(product.opens)
            if product.closes is not None:
                item["closes"] = show_minutes(product.closes)
            products[product.code] = item
        data["products"] = products
    return data
