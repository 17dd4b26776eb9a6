"""Each change of an ONDE import in words, for the preview and its export."""

from preau.families.queries import get_children, get_families
from preau.journeys.onde.plan import ImportPlan
from preau.kernel import french
from preau.schools.queries import get_schoolings, schooling_on

# Kept with the import: a town's whole first import has some four thousand lines of a kind.
MAX_LINES = 6_000

CHANGE_LABELS = {
    "new_families": "Dossiers à ouvrir",
    "new_children": "Nouveaux élèves",
    "adopted": "Élèves déjà dans un dossier, reconnus",
    "class_entries": "Entrées dans une classe",
    "class_changes": "Changements de classe",
    "leavers": "Départs",
    "moves": "Déménagements",
    "corrections": "Identités corrigées",
    "new_guardians": "Responsables ajoutés à un dossier",
}


def told_changes(plan: ImportPlan) -> dict[str, list[str]]:
    """One line for each change, by kind; and the warnings."""
    children = get_children(
        {*plan.pupils.values(), *(child_id for child_id, _data in plan.corrections)}
    )
    names = {ine: str(children[pk]) for ine, pk in plan.pupils.items() if pk in children}
    names |= {
        child.ine: f"{child.first_name} {child.last_name}"
        for child in plan.new_children
        if child.ine
    }
    classes = {listed.external_id: listed.name for listed in plan.classes}
    before = schooling_on(plan.pupils.values(), plan.day)
    families = get_families(
        [family_id for family_id, _ in plan.moves]
        + [family_id for family_id, _ in plan.new_guardians]
    )
    entries, changes = [], []
    for move in plan.class_moves:
        words = f"{names.get(move.ine, move.ine)} : {classes[move.class_id]}"
        old = before.get(plan.pupils.get(move.ine, 0))
        if move.known and old is not None:
            changes.append(f"{words} (était en {old.school_class or old.level})")
        else:
            entries.append(words)
    told = {
        "new_families": [
            f"{french.and_join(f'{g.first_name} {g.last_name}' for g in family.guardians)}, "
            f"{family.address.one_line}, {french.count(len(family.children), 'enfant')}"
            for family in plan.new_families
        ],
        "new_children": [
            f"{child.first_name} {child.last_name}, né(e) le {child.birth_on:%d/%m/%Y}"
            for child in plan.new_children
        ],
        "adopted": [f"{names.get(ine, ine)} reçoit l’INE {ine}" for ine in plan.adopted],
        "class_entries": entries,
        "class_changes": changes,
        "leavers": [
            f"{row.child}, {row.school_class or row.level}, {row.establishment}"
            for row in get_schoolings(plan.leavers)
        ],
        "moves": [
            f"{families[family_id].name} ({families[family_id].printed_code}) : {address.one_line}"
            for family_id, address in plan.moves
        ],
        "corrections": [
            f"{children[child_id]} devient {data.first_name} {data.last_name}, "
            f"né(e) le {data.birth_on:%d/%m/%Y}"
            for child_id, data in plan.corrections
            if child_id in children
        ],
        "new_guardians": [
            f"{adult.first_name} {adult.last_name}, dans {families[family_id].name} "
            f"({families[family_id].printed_code})"
            for family_id, adult in plan.new_guardians
        ],
    }
    return {name: lines[:MAX_LINES] for name, lines in told.items()} | {"warnings": plan.warnings}
