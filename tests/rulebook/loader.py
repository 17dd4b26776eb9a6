"""Brings the organisers' worked cases, each page with its own words, to the project's one form.

    python tests/rulebook/loader.py SOURCE_FOLDER examples/rulebooks/cases

The source folder has one YAML file an organiser (`cases`: input and expect); what is written is
what `preau rulebook cases` reads. Only this loader knows the words of each page.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

FACTS = {
    "qf": "quotient",
    "inside": "resident",
    "resident": "resident",
    "lives_inside": "resident",
    "works_inside": "works_here",
    "schooled_in_area": "schooled_here",
    "rank": "rank",
    "mode": "mode",
    "pai_own_meal": "pai_own_meal",
    "own_meal": "own_meal",
    "booked": "booked",
    "attended": "attended",
    "site": "site",
    "full_time": "full_time",
    "zone": "zone",
    "ccas": "social_aid",
    "first_of_year": "first_of_year",
    "meals": "meals",
    "age": "age",
    "children_enrolled": "children_enrolled",
    "activities_same_day": "same_day_activities",
    "reason": "reason",
    "certificate_at": "certificate_at",
    "paid_at": "paid_at",
    "paid_percent": "paid_percent",
    "wallet_eur": "balance",
    "wallet_negative_since_hours": "balance_negative_hours",
    "capacity_left": "capacity_left",
    "prebooked": "prebooked",
    "monthly_income": "monthly_income",
    "children": "children",
    "opening_days": "opening_days",
    "hours_per_day": "hours_per_day",
    "hourly_eur": "contract_hourly",
    "annual_tax_income": "annual_income",
    "tax_parts": "tax_parts",
    "unbooked_meal_number": "unbooked_count",
    "qf_old": "quotient_previous",
    "qf_new": "quotient",
    "letter_received": "quotient_received_on",
    "cancels_already_used": "cancellations_used",
    "child_ill": "child_ill",
    "absence_announced": "notice_at",
    "proof_at": "certificate_at",
    "booked_by": "booked_by",
    "reminders": "reminders",
    "unpaid_invoice_eur": "unpaid",
    "late_minutes": "late_minutes",
    "garderie_minutes": "care_minutes",
    "voucher": "voucher",
    "notified": "notified",
    "repeated_unbooked": "repeated_unbooked",
    "pickup": "time_out",
    "out": "time_out",
    "in": "time_in",
    "addons": "addons",
}
MINUTES = {"half_hours": 30, "hours": 60, "quarters": 15}
WORDS = {"primary": "elementary"}
ACTIONS = {
    "cancel_meal": "cancel",
    "book_meal": "book",
    "order_month": "order",
    "exceptional_order": "book",
    "absence_notice": "absence",
    "prebook": "prebook",
    "book": "book",
    "cancel": "cancel",
    "enrol": "enrol",
}
TYPICAL_DAY = "2026-09-15"
MONDAY_WEEK = ("2026-10-26", "2026-10-27", "2026-10-28", "2026-10-29", "2026-10-30")


def convert(name: str, source: dict[str, Any]) -> dict[str, Any]:
    """One organiser's cases in the common form."""
    return {
        "rulebook": f"../{name}.yaml",
        "calendar": "calendar.yaml",
        "cases": [case(name, raw, source) for raw in source["cases"]],
    }


def case(name: str, raw: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    given, wanted = dict(raw["input"]), dict(raw["expect"])
    made: dict[str, Any] = {"id": raw["id"], "basis": raw["basis"]}
    if raw.get("note"):
        made["note"] = raw["note"]
    made["activity"] = raw["activity"]
    service = given.get("service") or {}
    day = service.get("date")
    facts = {
        FACTS[key]: value
        for key, value in given.items()
        if key in FACTS and value is not None and value != "null"
    }
    for key, minutes in MINUTES.items():
        if key in given:
            facts["minutes"] = int(given[key]) * minutes
    if "level" in given:
        facts["level"] = WORDS.get(given["level"], given["level"])
    for key in ("proof", "certificate"):
        if key in given:
            facts["certificate"] = given[key] not in ("false", "none")
    if given.get("no_registered_account"):
        facts["has_account"] = False
    if facts.get("reason") == "none":
        del facts["reason"]
    if "product" in given:
        made["product"] = given["product"]
    action = given.get("action")
    if action:
        made["ask"] = "decide"
        made["action"] = ACTIONS[action["type"]]
        if "at" in action:
            made["at"] = action["at"]
        if "paid_percent" in action:
            facts["paid_percent"] = action["paid_percent"]
    elif "absent" in given or "absent_school_days" in given:
        made["ask"] = "spell"
        made["days"] = spell_days(given)
        made.pop("day", None)
    elif (
        given.get("attended") == "false"
        or ("reason" in given and "price_eur" not in wanted)
        or "reason" in given
    ):
        made["ask"], made["action"] = "decide", "absence"
    elif given.get("attended") == "true" and given.get("booked") == "false":
        made["ask"], made["action"] = "decide", "attend"
    elif any("penalty" in key for key in wanted):
        made["ask"], made["action"] = "decide", "late_pickup"
    else:
        made["ask"] = "price"
    if made["ask"] != "spell":
        made["day"] = day or TYPICAL_DAY
    made["facts"] = facts
    made["expect"] = expected(wanted, made)
    special = SPECIAL.get(name)
    if special is not None:
        special(made, given, wanted)
    if not made["facts"]:
        del made["facts"]
    if "day" in made and made["day"] is None:
        del made["day"]
    order = (
        "id",
        "basis",
        "note",
        "ask",
        "activity",
        "product",
        "action",
        "at",
        "day",
        "days",
        "formula",
        "facts",
        "by_day",
        "uses",
        "expect",
    )
    return {key: made[key] for key in order if key in made}


def spell_days(given: dict[str, Any]) -> list[str]:
    if "absent_school_days" in given:
        return ["2026-09-14", "2026-09-15"][: int(given["absent_school_days"])]
    absent = given["absent"]
    if isinstance(absent, str):
        return ["2026-09-14", "2026-09-15", "2026-09-17", "2026-09-18"]
    return list(absent)


def expected(wanted: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cancels = made.get("action") in ("cancel", "absence")
    match wanted.get("decision"):
        case "accepted":
            found |= (
                {"charged": False}
                if cancels and made["action"] == "absence"
                else {"outcome": "accepted"}
            )
        case "refused":
            found["outcome"] = "refused"
        case "charged":
            found["charged"] = True
        case "charged_surcharge":
            found |= {"charged": True, "surcharge": True}
        case "not_charged":
            found["charged"] = False
        case "pending_validation":
            found["outcome"] = "pending"
        case "ambiguous":
            found["ambiguous"] = True
        case None:
            pass
        case other:
            found["outcome"] = other
    for key in ("price_eur", "fee_eur", "hourly_eur", "monthly_eur"):
        if key in wanted and "ambiguous" not in found:
            found["euros"] = wanted[key]
    if "penalty_eur" in wanted:
        found["penalty"] = wanted["penalty_eur"]
    if "late_payment_eur" in wanted:
        found["penalty"] = wanted["late_payment_eur"]
    if "penalty_proposed_eur" in wanted:
        found["proposed"] = wanted["penalty_proposed_eur"]
    if "charged_dates" in wanted:
        found["charged_days"] = wanted["charged_dates"]
    elif "charged_meals" in wanted:
        found["charged_count"] = int(wanted["charged_meals"])
    if "qf" in wanted:
        found["quotient"] = wanted["qf"]
    return found


def _uses(made: dict[str, Any], uses: list[dict[str, Any]]) -> None:
    made["ask"] = "month"
    made["uses"] = uses
    made.pop("product", None)
    made.pop("day", None)


def _ranks(made: dict[str, Any], count: int, **more: Any) -> None:
    _uses(
        made,
        [
            {"child": n, "day": TYPICAL_DAY, "facts": {"rank": n, **more}}
            for n in range(1, count + 1)
        ],
    )


def _days(made: dict[str, Any], days: list[str], product: str | None = None) -> None:
    _uses(made, [{"day": day, **({"product": product} if product else {})} for day in days])


def aiaj(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if given.get("meal"):
        made["facts"]["addons"] = ["meal"]
    if "unpaid_invoice_eur" in given:
        made |= {"ask": "decide", "action": "pay"}


def ardeche(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "account" in wanted:
        made |= {"ask": "decide", "action": "connect"}
        made["expect"]["outcome"] = {"open": "accepted"}.get(wanted["account"], wanted["account"])


def argonne(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "children_full_time" in given:
        _ranks(made, int(given["children_full_time"]), full_time=True)
    if made["ask"] == "spell":
        made["expect"] = {"charged_count": len(made["days"]) if made["expect"]["charged"] else 0}


def beaucamps(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "days" in given:
        made["facts"]["days_in_week"] = given["days"]
    if "plus" in wanted:
        made["expect"]["says"] = "bon CAF"
    if "action" in given:
        made["day"] = None


def begles(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "capacity_left" in given:
        made |= {"ask": "decide", "action": "prebook", "day": "2023-10-23"}


def boissy(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "period" in given:
        made["facts"]["holiday"] = given["period"]
        made["day"] = "2022-10-24"


def coetmieux(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    made["product"] = "soir"


def depeche(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "presences" in given:
        days = ["2026-09-01", "2026-09-03", "2026-09-04", "2026-09-07", "2026-09-08", "2026-09-10"]
        _days(made, days[: int(given["presences"])], "soir")
    if "one_day" in given:
        _uses(made, [{"day": TYPICAL_DAY, "product": p} for p in ("matin", "soir")])
    if "enrols" in given:
        made |= {"ask": "price", "day": given["enrols"]}
        made["facts"].pop("children", None)


def eragny(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "period_first_day" in given:
        made["day"] = given["period_first_day"]
    elif made["activity"] == "vacances":
        made["day"] = "2026-10-17"


def larressore(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if given.get("subscription") == "month":
        made["product"] = "mois"
    if "days" in given:
        days = [
            "2026-09-01",
            "2026-09-03",
            "2026-09-04",
            "2026-09-07",
            "2026-09-08",
            "2026-09-10",
            "2026-09-11",
            "2026-09-14",
            "2026-09-15",
            "2026-09-17",
            "2026-09-18",
            "2026-09-21",
        ]
        _days(made, days[: int(given["days"])], "jour")
        if "price_eur_by_day" in wanted:
            made["expect"]["readings"] = [
                wanted["price_eur_by_day"],
                wanted["price_eur_if_month_is_a_ceiling"],
            ]


def plessis(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "decision" in wanted:
        made |= {"ask": "decide", "action": "book"}
        if "service" not in given:
            made["day"] = "2026-10-26"
    if "children" in given:
        made["facts"] = {}
        _uses(made, [{"child": n, "day": "2026-10-19"} for n in (1, 2)])


def sourn(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    codes = {"morning": "matin", "evening": "soir"}
    if given.get("product") == "day":
        made["product"] = "journee"
    if "sessions" in given:
        products = [codes[s] for s in given["sessions"]]
        if len(products) == 1:
            made["product"] = products[0]
        else:
            _uses(made, [{"day": TYPICAL_DAY, "product": p} for p in products])


def mauleon(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    lists = {"regular": "courant", "exceptional": "exceptionnel"}
    if "month" in given:
        made["day"] = f"{given['month']}-01"
    if "price_list" in wanted:
        made["expect"]["rule"] = lists[wanted["price_list"]]
    if given.get("action", {}).get("type") == "exceptional_order":
        made["facts"]["mode"] = "exceptional"


def montagnac(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "paid_at" in given:
        made["facts"]["paid_at"] = given["paid_at"]


def noyers(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    terms = {"term1": "2026-09-01", "term2": "2027-01-04", "term3": "2027-04-19"}
    if "pickup" in given:
        made["product"] = "soir"
        return
    if "exceptional_days" in given:
        _days(made, ["2026-09-15", "2026-09-17"][: int(given["exceptional_days"])], "jour")
        return
    chosen = given["enrolled"]
    days = [terms[t] for t in chosen] if isinstance(chosen, list) else list(terms.values())
    _days(made, days, "trimestre")


def oudon(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    dates = (given.get("service") or {}).get("dates")
    if "days_in_week" in given:
        dates = list(MONDAY_WEEK[: int(given["days_in_week"])])
    if dates:
        _days(made, list(dates), given["product"])
    if "late_minutes" in given:
        made["facts"] = {"late_minutes": given["late_minutes"], "late_children": given["children"]}
        made["product"] = "day"


def saffre(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "children_enrolled" in given:
        number = int(given["children_enrolled"])
        _uses(
            made,
            [
                {"child": n, "day": TYPICAL_DAY, "product": given["product"]}
                for n in range(1, number + 1)
            ],
        )
    if "action" in given:
        made["product"] = "day"


def saint_colomban(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if given.get("late"):
        made |= {"ask": "decide", "action": "enrol", "facts": {"booking": "late"}}


def saint_jean(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if given.get("notified_absence_at") or "cancel_thu_fri" in given:
        made["facts"]["notified"] = True
    later = given.get("cancel_thu_fri")
    if later and later != "none":
        made["by_day"] = {day: {"notice_at": later} for day in made["days"][2:]}
    if made["ask"] == "spell" and "charged" in made["expect"]:
        made["expect"] = {"charged_count": len(made["days"])}


def strasbourg(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "month" in given:
        made["day"] = f"{given['month']}-01"
    if "annual_tax_income" in given:
        made["formula"] = True
    if "multiplier" in wanted:
        made |= {"ask": "decide", "action": "attend"}
        made["facts"] |= {"booked": False, "scale_price": "1.00"}
        made["expect"]["euros"] = f"{wanted['multiplier']}.00"


def vatteville(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    made["product"] = "matin" if "in" in given else "soir"
    if "price_eur_half_plus_quarter" in wanted:
        made["expect"]["readings"] = [
            wanted["price_eur_half_plus_quarter"],
            wanted["price_eur_two_halves"],
        ]


def veyras(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if made.get("action") == "enrol":
        made["day"] = "2019-09-02"


def vincennes(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    made["product"] = "mois" if "opening_days" in given else "heure"
    if "monthly_hours" in wanted:
        made["expect"]["says"] = wanted["monthly_hours"].replace(".", ",")


def wavrin(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "children_enrolled" in given:
        _ranks(made, int(given["children_enrolled"]))
    if "action" in given:
        made["day"] = None


def lieuvin(made: dict[str, Any], given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "product" not in given and made["activity"] == "alsh":
        made["product"] = "day"


SPECIAL = {
    "aiaj": aiaj,
    "ardeche-rhone-coiron": ardeche,
    "argonne-meuse": argonne,
    "beaucamps-ligny": beaucamps,
    "begles": begles,
    "boissy-saint-leger": boissy,
    "coetmieux": coetmieux,
    "depeche-2016-commune-non-nommee": depeche,
    "eragny": eragny,
    "larressore": larressore,
    "le-plessis-robinson": plessis,
    "le-sourn": sourn,
    "mauleon": mauleon,
    "montagnac": montagnac,
    "noyers-sur-cher": noyers,
    "oudon-touchatouts": oudon,
    "saffre-copains-dabord": saffre,
    "saint-jean-du-bois": saint_jean,
    "saint-colomban": saint_colomban,
    "strasbourg": strasbourg,
    "vatteville-la-rue": vatteville,
    "veyras": veyras,
    "vincennes": vincennes,
    "wavrin": wavrin,
    "lieuvin-pays-d-auge": lieuvin,
}


class _Text(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _scalar(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = value and "\n" not in value and value not in ("null", "~", "yes", "no")
    safe = plain and all(c.isalnum() or c in "-_:.TZ " for c in value) and ": " not in value
    style = None if safe and not value.endswith(":") and value[0].isalnum() else '"'
    tag = "tag:yaml.org,2002:str"
    node = dumper.represent_scalar(tag, value, style=style)
    if style is None:
        node.tag = dumper.resolve(yaml.ScalarNode, value, (True, False))
    return node


_Text.add_representer(str, _scalar)


class Flow(dict):
    """A case on few lines."""


_Text.add_representer(
    Flow, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True)
)


def _flow(value: Any) -> Any:
    if isinstance(value, dict):
        return Flow({key: _flow(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_flow(item) for item in value]
    return value


def main(source: Path, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    total = 0
    for path in sorted(source.glob("*.yaml")):
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        made = convert(path.stem, raw)
        total += len(made["cases"])
        text = f"# Cas chiffrés, ramenés à une même forme. {raw['commune']}\n"
        text += f"rulebook: {made['rulebook']}\ncalendar: {made['calendar']}\ncases:\n"
        for item in made["cases"]:
            body = yaml.dump(
                [_flow(item)], Dumper=_Text, allow_unicode=True, sort_keys=False, width=98
            )
            text += "".join(f"  {line}\n" for line in body.splitlines())
        (target / path.name).write_text(text, encoding="utf-8")
    return total


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
