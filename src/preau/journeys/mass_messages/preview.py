"""Who a message would reach, by what, before it leaves."""

import hashlib
from dataclasses import dataclass, field

from preau.families.contacts import Contact, contacts_of
from preau.journeys.mass_messages.audience import Audience
from preau.messaging.campaigns import Writing
from preau.messaging.sms import is_available, mobile, segments


@dataclass(slots=True)
class Household:
    """One household: the e-mails and text messages its adults get, or whether a letter goes."""

    family_id: int
    code: str
    names: list[str]
    emails: list[str]
    mobiles: list[str]
    contact: Contact
    letter: bool = False

    @property
    def unreached(self) -> bool:
        return not (self.emails or self.mobiles or self.letter)


@dataclass(slots=True)
class Preview:
    """What would leave now; `seen` names this very set: send what was read, or read again."""

    rows: list[Household] = field(default_factory=list)
    text_segments: int = 0

    @property
    def emails(self) -> int:
        return sum(len(row.emails) for row in self.rows)

    @property
    def texts(self) -> int:
        return sum(len(row.mobiles) for row in self.rows)

    @property
    def billed_texts(self) -> int:
        return self.texts * self.text_segments

    @property
    def letters(self) -> int:
        return sum(row.letter for row in self.rows)

    @property
    def unreached(self) -> list[Household]:
        return [row for row in self.rows if row.unreached]

    @property
    def seen(self) -> str:
        digest = hashlib.sha256()
        for row in sorted(self.rows, key=lambda row: row.family_id):
            line = f"{row.family_id}:{row.emails}:{row.mobiles}:{row.letter};"
            digest.update(line.encode())
        return digest.hexdigest()[:16]


def preview_message(audience: Audience, writing: Writing) -> Preview:
    """The households meant and what reaches each: an address or a number is written to once in a
    household; a letter goes where nothing else does. Raises AudienceRefused."""
    audience.check()
    texts = bool(writing.text) and is_available()
    rows: dict[int, Household] = {}
    for adult in contacts_of(audience.families()):
        row = rows.get(adult.family_id)
        if row is None:
            row = rows[adult.family_id] = Household(
                adult.family_id, adult.family_code, [], [], [], adult
            )
        row.names.append(adult.name)
        if writing.by_email and adult.email and adult.email not in row.emails:
            row.emails.append(adult.email)
        number = mobile(adult.mobile) if texts and adult.mobile else ""
        if number and number not in row.mobiles:
            row.mobiles.append(number)
    for row in rows.values():
        row.letter = writing.by_letter and not row.emails and not row.mobiles
    return Preview(list(rows.values()), segments(writing.text))
