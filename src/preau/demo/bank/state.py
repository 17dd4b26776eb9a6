"""API Particulier, simulated beside the bank: the quotient of whoever is asked for, by the same
addresses, parameters, statuses and error codes as the State's own.

Each person has one quotient, drawn from its identity; those whom the State's trial platform gives
an error have the same one here.
"""

import hashlib
import json
from datetime import date

TOKEN = "demonstration"
REQUIRED = ("nomNaissance", "prenoms[]", "sexeEtatCivil", "codeCogInseePaysNaissance")
FRANCE = "99100"
# Birth names to which the trial platform answers by an error: status, code, title.
ERRORS = {
    "DESFOUIN": (429, "00429", "Trop de requêtes"),
    "DELANOUE": (502, "37999", "Erreur inconnue du fournisseur de données"),
    "SITUDI": (504, "37002", "Intermédiaire hors-délai"),
    "INCONNU": (404, "37003", "Dossier allocataire absent CNAV"),
}


def quotient(query: list[tuple[str, str]], authorization: str, today: date) -> tuple[int, str]:
    """The answer to one call: its status and its JSON."""
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    one = {name: values[0].strip() for name, values in given.items()}
    if authorization != f"Bearer {TOKEN}":
        return _error(401, "00101", "Votre jeton n’est pas valide")
    if len(one.get("recipient", "")) != 14 or not one["recipient"].isdigit():
        return _error(422, "00201", "Le paramètre recipient est invalide")
    if any(not one.get(name) for name in REQUIRED) or one["sexeEtatCivil"] not in ("F", "M"):
        return _error(422, "00366", "Paramètres d’identité invalides")
    born_here = one["codeCogInseePaysNaissance"] == FRANCE
    if born_here and not (
        one.get("codeCogInseeCommuneNaissance")
        or (one.get("nomCommuneNaissance") and one.get("codeCogInseeDepartementNaissance"))
    ):
        return _error(422, "00362", "Lieu de naissance invalide")
    name = one["nomNaissance"].upper()
    if name in ERRORS:
        return _error(*ERRORS[name])
    firsts = " ".join(first.upper() for first in given["prenoms[]"])
    born = "-".join(one.get(part, "") for part in ("anneeDateNaissance", "moisDateNaissance"))
    drawn = int(hashlib.sha256(f"{name}|{firsts}|{born}".encode()).hexdigest()[:8], 16)
    day = one.get("jourDateNaissance", "1").zfill(2)
    year, month = int(one.get("annee", today.year)), int(one.get("mois", today.month))
    person = {
        "nom_naissance": name,
        "nom_usage": None,
        "prenoms": firsts,
        "date_naissance": f"{born}-{day}",
        "sexe": one["sexeEtatCivil"],
    }
    body = {
        "data": {
            "quotient_familial": {
                "fournisseur": "MSA" if drawn % 20 == 0 else "CNAF",
                "valeur": 180 + drawn % 1900,
                "annee": year,
                "mois": month,
                "annee_calcul": today.year,
                "mois_calcul": today.month,
            },
            "allocataires": [person],
            "enfants": [],
            "adresse": {"destinataire": None, "code_postal_ville": None, "pays": "FRANCE"},
        },
        "links": {},
        "meta": {},
    }
    return 200, json.dumps(body, ensure_ascii=False)


def _error(status: int, code: str, title: str) -> tuple[int, str]:
    told: dict[str, object] = {
        "code": code,
        "title": title,
        "detail": title,
        "source": None,
        "meta": {},
    }
    return status, json.dumps({"errors": [told]}, ensure_ascii=False)
