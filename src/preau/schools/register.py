"""The pupils' register, as the school office needs it: who reads it is settled in the settings.

`settings.PUPIL_REGISTER` names the connector (ONDE, the Ministry's); these are the values it gives.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

PUPILS, ADULTS = "élèves", "responsables"


class NotARegisterFile(ValueError):
    """The file as a whole is none of the register's exports; `str(error)` says why, in French."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One line that could not be used, or used only in part."""

    file: str
    line: int
    reason: str
    is_refused: bool = True

    def __str__(self) -> str:
        return f"fichier {self.file}, ligne {self.line} : {self.reason}"


@dataclass(frozen=True, slots=True)
class PostalAddress:
    line: str
    postcode: str
    city: str
    country: str = "FRANCE"


@dataclass(frozen=True, slots=True)
class PupilRow:
    line: int
    ine: str
    last_name: str
    usage_name: str
    first_name: str
    birth_on: date
    sex: str
    level: str
    class_id: str
    class_name: str
    addresses: tuple[PostalAddress, ...]
    photo_consent: bool | None


@dataclass(frozen=True, slots=True)
class ChildLink:
    """How the adults' file names a child: it has no INE there."""

    last_name: str
    first_name: str
    class_name: str


@dataclass(frozen=True, slots=True)
class AdultRow:
    line: int
    civility: str
    last_name: str
    usage_name: str
    first_name: str
    address: PostalAddress
    email: str
    home_phone: str
    work_phone: str
    mobile_phone: str
    children: tuple[ChildLink, ...]


@dataclass(slots=True)
class Register:
    pupils: list[PupilRow] = field(default_factory=list)
    adults: list[AdultRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class RegisterReader(Protocol):
    """Reads the register's two files. Raises NotARegisterFile."""

    def __call__(self, pupils: bytes, adults: bytes, *, today: date) -> Register: ...


def read_register(pupils: bytes, adults: bytes, *, today: date) -> Register:
    """Both files, read by the town's connector. Raises NotARegisterFile."""
    reader = cast(RegisterReader, import_string(settings.PUPIL_REGISTER))
    return reader(pupils, adults, today=today)
