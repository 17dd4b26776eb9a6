"""What follows a family, or a child, when its file is joined to another; and what stays, and why.

A test walks every model that names a family or a child: each must be in one of these tables.
"""

# Model → column: rows that go to the file that goes on, in this order. A row that a constraint
# keeps (the same thing is already there) stays with the closed file and is told.
FAMILY_MOVES: tuple[tuple[str, str], ...] = (
    ("enrolments.ProvidedDocument", "family_id"),
    ("enrolments.Renewal", "family_id"),
    ("enrolments.Acceptance", "family_id"),
    ("bookings.Submission", "family_id"),
    ("attendance.AbsenceReport", "family_id"),
    ("attendance.CardOrder", "family_id"),
    ("casework.Request", "family_id"),
    ("casework.Draft", "family_id"),
    ("childcare.Preregistration", "family_id"),
    ("childcare.Contract", "family_id"),
    ("childcare.FamilyIncome", "family_id"),
    ("childcare.Statement", "family_id"),
    ("childsheet.Collector", "family_id"),
    ("childsheet.EmergencyPhone", "family_id"),
    ("childsheet.Consent", "family_id"),
    ("families.CustodyException", "family_id"),
    ("families.CustodyException", "asked_by_id"),
    ("billing.Agreement", "family_id"),
    ("billing.Regularisation", "family_id"),
    ("billing.RegistrationPaid", "family_id"),
    ("directdebit.Mandate", "family_id"),
    ("messaging.Message", "family_id"),
    ("documents.StoredFile", "family_id"),
    ("schools.HouseholdRecord", "family_id"),
)
# Handled one by one in merge.py and split.py.
FAMILY_BY_HAND = {
    "families.Guardian",
    "families.Custody",
    "families.Quotient",
    "enrolments.Enrolment",
    "bookings.Booking",
    "bookings.PlanningDraft",
    "attendance.Attendance",
    "billing.FamilyAccount",
}
# Stays with the closed file: it was issued, paid or written under its name, and never changes.
# The file that goes on shows it («dossier réuni»).
FAMILY_STAYS = {
    "audit.Entry",
    "bookings.Hold",  # a checkout of some minutes
    "billing.CounterPayment",
    "billing.Invoice",
    "cashdesk.Refund",
    "directdebit.BankEntry",
    "families.ProtectedAddress",  # such files are not merged
    "recovery.CollectionItem",
    "recovery.Plan",
    "recovery.Reminder",
    "recovery.Titre",
    "certificates.Certificate",
    "directdebit.Debit",
    "documents.IssuedDocument",
    "payments.Attempt",
    "journeys.Departure",
    "journeys.FamilyAct",
}
CHILD_MOVES: tuple[tuple[str, str], ...] = (
    ("families.CustodyException", "child_id"),
    ("families.ParentingRecord", "child_id"),
    ("schools.Schooling", "child_id"),
    ("schools.PupilRecord", "child_id"),
    ("schools.Promotion", "child_id"),
    ("enrolments.ProvidedDocument", "child_id"),
    ("enrolments.RenewalLine", "child_id"),
    ("bookings.Booking", "child_id"),
    ("attendance.Attendance", "child_id"),
    ("attendance.AbsenceReport", "child_id"),
    ("attendance.CardOrder", "child_id"),
    ("casework.Request", "child_id"),
    ("casework.Draft", "child_id"),
    ("childcare.Preregistration", "child_id"),
    ("childcare.Contract", "child_id"),
    ("childcare.Statement", "child_id"),
    ("childsheet.ChildSheet", "child_id"),
    ("childsheet.Collector", "child_id"),
    ("childsheet.EmergencyPhone", "child_id"),
    ("childsheet.Consent", "child_id"),
    ("childsheet.Pai", "child_id"),
    ("billing.Agreement", "child_id"),
    ("billing.PrepaidHold", "child_id"),
    ("billing.RegistrationPaid", "child_id"),
)
CHILD_BY_HAND = {"families.Custody", "enrolments.Enrolment", "attendance.Card"}
# Written once for all: what the site saw, what was billed or certified.
CHILD_STAYS = {
    "attendance.Tick",
    "bookings.Hold",
    "billing.InvoiceLine",
    "certificates.Certificate",
}
