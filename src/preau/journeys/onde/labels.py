"""The words of an import's counts, on the screen and on the command line."""

COUNT_LABELS = {
    "pupils_read": "élèves lus",
    "adults_read": "responsables lus",
    "new_families": "dossiers à ouvrir",
    "new_children": "enfants à créer",
    "new_guardians": "responsables à créer",
    "new_links": "enfants à rattacher à un dossier existant",
    "new_classes": "classes dans le fichier",
    "moves": "changements d’adresse",
    "corrections": "corrections d’identité",
    "adopted": "enfants reconnus par leur nom et leur naissance",
    "class_changes": "changements de classe",
    "class_entries": "entrées dans une classe",
    "leavers": "départs",
    "refused_lines": "lignes refusées",
}
