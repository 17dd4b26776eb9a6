"""What every kind of request is made of: its questions, its sentence, what it changes and applies.

One class for each `RequestKind`, in a module of this package. The questions are a Django form
(`form_class`): the portal, the counter and the API show and check the same one, and what is kept
in `Request.payload` is what it cleaned, ready for JSON.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms

from preau.accounts.enums import Permission
from preau.casework.errors import CannotUndo, InvalidPayload
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@dataclass(frozen=True, slots=True)
class Change:
    """One datum, before and after. `before` empty: there was nothing."""

    label: str
    before: str
    after: str

    @property
    def same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Consequence:
    """What the approval entails, in a sentence. `level`: ok (nothing to fear), then, warn."""

    text: str
    level: str = "then"

    @property
    def icon(self) -> str:
        return {"ok": "check", "warn": "triangle-alert"}.get(self.level, "arrow-right")

    @property
    def css(self) -> str:
        return {"ok": "okc", "warn": "badc"}.get(self.level, "")


@dataclass(frozen=True, slots=True)
class Fact:
    """A question and its answer, to be read again before sending and afterwards."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A piece that a request asks to join. `kind_id` None: any file that helps."""

    name: str
    hint: str = ""
    kind_id: int | None = None
    required: bool = False

    @property
    def field_name(self) -> str:
        return f"piece_{self.kind_id or 0}"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, for whom and on which day: what the questions and their choices depend on."""

    family_id: int | None
    child_id: int | None
    day: date
    user_id: int | None = None
    by_agent: bool = False
    # The very instant, where an opening hour counts; noon of the day when it is not known.
    at: datetime | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request, day: date) -> "Asking":
        return cls(
            family_id=request.family_id,
            child_id=request.child_id,
            day=day,
            user_id=request.user_id,
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What an approval wrote: `told` to the family, `data` kept for the undo."""

    told: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    # A household or a child that did not exist before.
    family_id: int | None = None
    child_id: int | None = None


class KindForm(forms.Form):
    """The questions of a kind. `prepare` fills choices and first answers from who asks."""

    def __init__(self, data: Any = None, *, asking: Asking, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.asking = asking
        self.prepare()

    def prepare(self) -> None:
        """Set choices and initial values; called once the fields exist."""

    def payload(self) -> dict[str, Any]:
        """The cleaned answers, ready for JSON."""
        return {name: jsonable(value) for name, value in self.cleaned_data.items()}


class DecisionQuestions(forms.Form):
    """A kind's own questions to the agent who approves; `groups` parts them for the page: a title
    to unfold ("": always shown), its fields, whether it is unfolded at first."""

    def groups(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        return [("", list(self), True)]

    def decided(self) -> dict[str, Any]:
        """The cleaned answers, ready for JSON."""
        return {name: jsonable(value) for name, value in self.cleaned_data.items()}


class NoQuestions(KindForm):
    """For a request that is complete once the child is known."""


def jsonable(value: Any) -> Any:
    """Dates as ISO days; the rest as it is."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def as_day(text: Any) -> date | None:
    """The day that a payload holds as text."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        return None


def day_words(text: Any) -> str:
    day = as_day(text)
    return french.day(day, year=True) if day else ""


class Kind:
    """One kind of request. Subclasses say what it is; the engine (casework.services) drives it."""

    kind: ClassVar[RequestKind]
    slug: ClassVar[str]
    icon: ClassVar[str] = "file-text"
    title: ClassVar[str]
    # One sentence on the chooser: when to use it.
    purpose: ClassVar[str] = ""
    group: ClassVar[str] = "Votre dossier"
    form_class: ClassVar[type[KindForm]] = NoQuestions
    needs_child: ClassVar[bool] = False
    # The family writes it itself on the portal (a new family's own way in is apart).
    on_portal: ClassVar[bool] = True
    permission: ClassVar[str] = Permission.HANDLE_REQUESTS
    can_be_automatic: ClassVar[bool] = True
    default_automatic: ClassVar[bool] = False
    default_days: ClassVar[int] = 7
    default_next_step: ClassVar[str] = (
        "Un agent du service lit votre demande et vous répond. Vous suivez chaque étape ici."
    )
    # A decision in law: its silence and its refusal can be contested.
    is_decision: ClassVar[bool] = True
    undoable: ClassVar[bool] = True
    approve_label: ClassVar[str] = "Approuver"
    # What the family wrote is read before what it changes.
    words_first: ClassVar[bool] = False
    needs_answer: ClassVar[bool] = False
    accepts_files: ClassVar[bool] = True
    # An act that breaks with the past or binds the child's future: where a disagreement or a
    # judgment is recorded, one parent no longer presumes the other's agreement (372-2 code civil).
    needs_both_parents: ClassVar[bool] = False

    # -- Asking -------------------------------------------------------------------------------

    def form(self, data: Any = None, *, asking: Asking, **kwargs: Any) -> KindForm:
        return self.form_class(data, asking=asking, **kwargs)

    def validate(self, payload: Mapping[str, Any], asking: Asking) -> dict[str, Any]:
        """The payload as it will be kept. Raises InvalidPayload with each field's sentences."""
        form = self.form(dict(payload), asking=asking)
        if not form.is_valid():
            raise InvalidPayload(
                {name: [str(error) for error in errors] for name, errors in form.errors.items()}
            )
        return form.payload()

    def wanted_documents(self, asking: Asking, payload: Mapping[str, Any]) -> list[Wanted]:
        """The pieces to join, required ones first."""
        return [Wanted("Une pièce", "Un document qui aide à traiter la demande.")]

    def file_kind(self, payload: Mapping[str, Any], kind_id: int | None) -> int | None:
        """Which kind of document a joined file is; `kind_id` is what its field said."""
        return kind_id

    def missing(self, request: Request, given_kinds: Iterable[int | None], day: date) -> list[str]:
        """What keeps this request from being complete: names of pieces, or sentences."""
        given = set(given_kinds)
        return [
            wanted.name
            for wanted in self.wanted_documents(Asking.of(request, day), request.payload)
            if wanted.required and wanted.kind_id not in given
        ]

    def is_automatic(self, request: Request, setting: bool) -> bool:
        """Whether this very request may do without an agent; `setting` is the town's choice."""
        return self.can_be_automatic and setting

    def service_id(self, request: Request) -> int | None:
        """The service that this very request is for, when it is not the kind's own."""
        return None

    def choices(self, request: Request, day: date) -> list[tuple[str, str]]:
        """What the agent must choose before approving (value, words); none most often."""
        return []

    def decision(self, request: Request, day: date, data: Any = None) -> "DecisionQuestions | None":
        """What the agent may decide of the request when approving it, other than all of it."""
        return None

    # -- Telling ------------------------------------------------------------------------------

    def summary(self, request: Request) -> str:
        """One sentence, without the family's name: «Noé, cantine»."""
        return child_name(request) or self.title

    def facts(self, request: Request) -> list[Fact]:
        """What was asked, to be read again. By default each question and its answer."""
        form = self.form(request.payload, asking=Asking.of(request, request_day(request)))
        form.is_valid()
        rows = []
        if name := child_name(request):
            rows.append(Fact("Enfant", name))
        for name, bound in form.fields.items():
            value = answer(bound, request.payload.get(name))
            if value:
                rows.append(Fact(str(bound.label or name), value))
        return rows

    def shared_facts(self, request: Request) -> list[Fact]:
        """What the other parent reads before it agrees: what is asked for the child, never the
        words, the reasons or the papers of who asks."""
        return [Fact(str(self.title), request.summary)]

    def changes(self, request: Request, day: date) -> list[Change]:
        """What the approval changes in the file, computed from the file as it is now."""
        return [Change(fact.label, "", fact.value) for fact in self.facts(request)]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        return []

    def snapshot(self, request: Request, day: date) -> list[list[str]]:
        """What the file held when the request was sent, to tell later what changed meanwhile."""
        return [[row.label, row.before] for row in self.changes(request, day)]

    def conflicts(self, request: Request, day: date) -> list[Change]:
        """Data that the request changes and that somebody else changed since it was sent:
        what it was then, what it is now."""
        then: dict[str, str] = dict(request.payload.get("_before", []))
        return [
            Change(row.label, then[row.label], row.before)
            for row in self.changes(request, day)
            if row.label in then and row.before not in (then[row.label], row.after)
        ]

    def fingerprint(self, request: Request, day: date) -> str:
        """Changes when what the agent was shown is no longer true."""
        shown = [(row.label, row.before, row.after) for row in self.changes(request, day)]
        text = json.dumps([request.version, shown], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    # -- Acting -------------------------------------------------------------------------------

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        """Write the file through the domain's own service. Runs in the approval's transaction."""
        raise NotImplementedError

    def received(self, request: Request, *, now: datetime, actor: Actor) -> None:
        """What cannot wait for a decision (a lost card is dead at once); same transaction."""

    def receipt(self, request: Request) -> list[str]:
        """What the acknowledgement says besides its reference and delay, a line each."""
        return []

    def refused(self, request: Request, reason: str, *, now: datetime, actor: Actor) -> None:
        """What a refusal writes in the file, if anything."""

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        """Put back what `apply` changed, unless the file changed since. Raises CannotUndo."""
        raise CannotUndo


def request_day(request: Request) -> date:
    """The day on which what was asked is to be read."""
    return paris_day(request.submitted_at) if request.submitted_at else date.today()  # noqa: DTZ011


def child_name(request: Request) -> str:
    return request.child.first_name if request.child_id and request.child else ""


def answer(bound: forms.Field, value: Any) -> str:
    """A payload's value as a person reads it."""
    if value in (None, "", [], False):
        return ""
    if value is True:
        return "oui"
    if isinstance(bound, forms.MultipleChoiceField):
        labels = {str(key): str(label) for key, label in _flat(bound.choices)}
        return french.and_join(labels.get(str(item), str(item)) for item in value)
    if isinstance(bound, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in _flat(bound.choices)}
        return labels.get(str(value), str(value))
    if isinstance(bound, forms.DateField):
        return day_words(value)
    return str(value)


def _flat(choices: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label


def same_or_cannot_undo(now_held: Any, written: Any) -> None:
    """Raises CannotUndo when the file no longer holds what the approval wrote."""
    if now_held != written:
        raise CannotUndo("Le dossier a changé depuis : corrigez-le à la main.")


def family_of(request: Request) -> Any:
    """The household of the request, read through its own domain."""
    return request.family or families.get_family(request.family_id)
