"""The demo's accounts: who they are, how they sign in, and what each lets one try."""

from dataclasses import dataclass

from preau.accounts.enums import Role

# Published on purpose: these accounts exist in the demonstration alone.
FAMILY_PASSWORD = "cour-de-recre"
AGENT_PASSWORD = "salle-des-maitres"
LETTER_PASSWORD = "PRTK-7446-MXYC"


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """An agent of the demo town; `site` narrows the role to one establishment."""

    role: str
    first_name: str
    last_name: str
    email: str
    try_this: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class DemoFamily:
    """A family of the register chosen for the demo, by the address of one of its adults.

    `name` is what the story calls it; `must_change`: it only has the letter's password.
    """

    name: str
    title: str
    email: str
    try_this: str
    must_change: bool = False


AGENTS = [
    DemoAgent(
        Role.COUNTER,
        "Nadia",
        "Benali",
        "nadia.benali@vincennes.example",
        "La boîte des demandes : approuver, refuser, demander une pièce ; ouvrir un dossier, "
        "réserver pour une famille au téléphone.",
    ),
    DemoAgent(
        Role.SCHOOL_OFFICE,
        "Hélène",
        "Vasseur",
        "helene.vasseur@vincennes.example",
        "L’import des élèves (ONDE), les écoles et les classes, les inscriptions scolaires.",
    ),
    DemoAgent(
        Role.SITE_MANAGER,
        "Thomas",
        "Leroux",
        "thomas.leroux@vincennes.example",
        "La liste du jour de l’école Simone-Veil : pointer, passer une carte, clore.",
        site="elementaire-simone-veil",
    ),
    DemoAgent(
        Role.CRECHE,
        "Awa",
        "Diallo",
        "awa.diallo@vincennes.example",
        "La liste d’attente de la crèche, l’admission, les contrats.",
    ),
    DemoAgent(
        Role.CASHIER,
        "Odile",
        "Marchand",
        "odile.marchand@vincennes.example",
        "Ouvrir la caisse, encaisser par un ou plusieurs moyens, donner un reçu, verser, compter "
        "et clore ; rendre un crédit.",
    ),
    DemoAgent(
        Role.CASHIER,
        "Karim",
        "Haddad",
        "karim.haddad@vincennes.example",
        "La régie des sports : sa propre caisse, ses propres factures, sans espèces.",
    ),
    DemoAgent(
        Role.ACCOUNTANT,
        "Julien",
        "Moreau",
        "julien.moreau@vincennes.example",
        "La facturation du mois : lire l’aperçu, valider, émettre ; les règles et les tarifs.",
    ),
    DemoAgent(
        Role.ADMINISTRATOR,
        "Claire",
        "Fontaine",
        "claire.fontaine@vincennes.example",
        "L’offre, les pages publiques, les agents, le tableau de bord, les réglages.",
    ),
]

FAMILIES = [
    DemoFamily(
        "three",
        "Trois enfants, un mois plein",
        "adele.blanchard38@example.org",
        "Ce qui reste à faire, le planning de trois enfants, la facture à payer à la banque de "
        "démonstration, un paiement en cours, une place proposée, une pièce qui manque.",
    ),
    DemoFamily(
        "mother",
        "Parents séparés, foyer de la mère",
        "aimee.laurent13@example.org",
        "Alexandre vit ici les semaines paires : réserver ses jours, sans rien voir du foyer "
        "de son père.",
    ),
    DemoFamily(
        "father",
        "Parents séparés, foyer du père",
        "rene.maillet76@example.org",
        "Le même enfant, les semaines impaires : son propre code, ses propres factures.",
    ),
    DemoFamily(
        "letter",
        "La lettre vient d’arriver",
        "margaux.clement1@example.org",
        "Première connexion avec le code famille et le mot de passe de la lettre, à changer "
        "aussitôt.",
        must_change=True,
    ),
    DemoFamily(
        "empty",
        "Rien n’est encore réservé",
        "isabelle.barthelemy66@example.org",
        "Demander une inscription, envoyer une pièce, réserver les premiers jours.",
    ),
]

# Chosen as the nursery is filled, whoever they are in the register.
CARE_FAMILIES = [
    DemoFamily(
        "care-contract",
        "Un bébé à la crèche",
        "contrat.creche@example.org",
        "Signer le contrat d’accueil, lire les relevés jour par jour, signaler une absence.",
    ),
    DemoFamily(
        "care-offer",
        "Une place en crèche proposée",
        "place.creche@example.org",
        "Répondre à la proposition avant son terme, suivre ses points et son rang.",
    ),
]
