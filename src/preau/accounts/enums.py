"""Roles of agents and what each may do."""

from django.db import models


class Role(models.TextChoices):
    COUNTER = "COUNTER", "Accueil et guichet"
    SITE_MANAGER = "SITE_MANAGER", "Responsable de site"
    CRECHE = "CRECHE", "Petite enfance"
    SCHOOL_OFFICE = "SCHOOL_OFFICE", "Affaires scolaires"
    CASHIER = "CASHIER", "Régie"
    ACCOUNTANT = "ACCOUNTANT", "Facturation"
    ADMINISTRATOR = "ADMINISTRATOR", "Administration"


class Permission(models.TextChoices):
    """What a route or an act asks for. Screens ask for a permission, never for a role."""

    SEE_FAMILIES = "see_families", "voir les dossiers"
    CHANGE_FAMILIES = "change_families", "modifier les dossiers"
    HANDLE_REQUESTS = "handle_requests", "traiter les demandes"
    BOOK = "book", "réserver pour une famille"
    TAKE_ATTENDANCE = "take_attendance", "pointer"
    SEE_REGISTER = "see_register", "voir les listes d’un site"
    MANAGE_CRECHE = "manage_creche", "gérer la crèche"
    MANAGE_SCHOOLS = "manage_schools", "gérer les écoles"
    TAKE_PAYMENTS = "take_payments", "encaisser"
    SEE_ACCOUNTS = "see_accounts", "voir les comptes"
    BILL = "bill", "facturer"
    MANAGE_CATALOGUE = "manage_catalogue", "gérer l’offre"
    MANAGE_RULES = "manage_rules", "gérer les règles"
    WRITE_PAGES = "write_pages", "écrire les pages publiques"
    SEE_FIGURES = "see_figures", "voir le tableau de bord"
    MANAGE_TOWN = "manage_town", "régler la ville"
    MANAGE_AGENTS = "manage_agents", "gérer les agents"
    IMPORT = "import", "importer"
    SEE_HEALTH = "see_health", "lire les données de santé"
    MERGE_FAMILIES = "merge_families", "réunir ou séparer des dossiers"
    SEE_KITCHEN = "see_kitchen", "voir les repas"
    SEND_MESSAGES = "send_messages", "écrire aux familles"
    READ_JOURNAL = "read_journal", "lire le journal"
    REFUND = "refund", "rendre de l’argent"
    ORDER_COLLECTION = "order_collection", "relancer et transmettre à l’ordonnateur"
    SEE_PROTECTED = "see_protected", "lire les adresses protégées"
    EXPORT_ALL = "export_all", "exporter sans limite"


P = Permission

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.COUNTER: frozenset(
        {
            P.SEE_FAMILIES,
            P.CHANGE_FAMILIES,
            P.HANDLE_REQUESTS,
            P.BOOK,
            P.SEE_REGISTER,
            P.SEE_ACCOUNTS,
            P.SEE_FIGURES,
            P.SEND_MESSAGES,
        }
    ),
    Role.SITE_MANAGER: frozenset(
        {P.SEE_REGISTER, P.TAKE_ATTENDANCE, P.SEE_HEALTH, P.SEE_KITCHEN, P.SEND_MESSAGES}
    ),
    Role.CRECHE: frozenset(
        {
            P.SEE_FAMILIES,
            P.HANDLE_REQUESTS,
            P.MANAGE_CRECHE,
            P.SEE_REGISTER,
            P.TAKE_ATTENDANCE,
            P.SEE_HEALTH,
            P.SEE_KITCHEN,
            P.SEND_MESSAGES,
        }
    ),
    Role.SCHOOL_OFFICE: frozenset(
        {
            P.SEE_FAMILIES,
            P.CHANGE_FAMILIES,
            P.HANDLE_REQUESTS,
            P.MANAGE_SCHOOLS,
            P.IMPORT,
            P.MERGE_FAMILIES,
            P.SEND_MESSAGES,
            P.SEE_PROTECTED,
            P.EXPORT_ALL,
        }
    ),
    Role.CASHIER: frozenset(
        {P.SEE_FAMILIES, P.SEE_ACCOUNTS, P.TAKE_PAYMENTS, P.SEE_FIGURES, P.REFUND}
    ),
    Role.ACCOUNTANT: frozenset(
        {
            P.SEE_FAMILIES,
            P.SEE_ACCOUNTS,
            P.BILL,
            P.MANAGE_RULES,
            P.SEE_FIGURES,
            P.ORDER_COLLECTION,
            P.EXPORT_ALL,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission)
    - {P.TAKE_PAYMENTS, P.REFUND, P.SEE_HEALTH, P.SEE_PROTECTED},
}


# What these roles open is the whole town's: none of them is held for one establishment alone.
TOWN_WIDE: frozenset[str] = frozenset(
    {Role.SCHOOL_OFFICE, Role.CASHIER, Role.ACCOUNTANT, Role.ADMINISTRATOR}
)


class SecondFactorPolicy(models.TextChoices):
    """Of whom the town asks a second factor. It is offered to every agent anyway."""

    OFFERED = "OFFERED", "Proposé à chaque agent"
    SENSITIVE = "SENSITIVE", "Exigé pour l’argent, la santé et les réglages"
    ALL = "ALL", "Exigé de tous les agents"


# Where a stolen password does the most harm.
SENSITIVE = frozenset(
    {
        P.TAKE_PAYMENTS,
        P.REFUND,
        P.BILL,
        P.ORDER_COLLECTION,
        P.SEE_HEALTH,
        P.SEE_PROTECTED,
        P.MANAGE_AGENTS,
        P.MANAGE_TOWN,
        P.MANAGE_RULES,
        P.IMPORT,
        P.MERGE_FAMILIES,
        P.EXPORT_ALL,
        P.READ_JOURNAL,
    }
)
