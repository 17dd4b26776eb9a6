"""The forms by which a family, or an agent for it, asks for a certificate."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.kernel.clock import paris_day
from preau.kernel.french import day
from preau.ui.forms import DateField


class TaxForm(forms.Form):
    """Which year of payments."""

    kind = forms.CharField(widget=forms.HiddenInput, initial="TAX")

    def __init__(self, *args: Any, years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"] = forms.TypedChoiceField(
            label=_("Année"), coerce=int, choices=[(y, str(y)) for y in years]
        )


class ChildForm(forms.Form):
    """Which child; for a certificate of presence, from when to when."""

    kind = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, children: Sequence[Any], kind: str, today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].initial = kind
        self.fields["child"] = forms.TypedChoiceField(
            label=_("Enfant"), coerce=int, choices=[(c.pk, str(c)) for c in children]
        )
        if kind == "ATTENDANCE":
            self.fields["first"] = DateField(label=_("Du"), initial=date(today.year, 1, 1))
            self.fields["last"] = DateField(
                label=_("Au"), initial=today, help_text=_("Au plus tard %s") % day(today)
            )


class CertificateForms:
    """The four forms of one page; at most one is sent at a time."""

    CHILD_KINDS = ("ATTENDANCE", "ENROLMENT", "SCHOOL")

    def __init__(self, data: Any, *, offer: Any, now: datetime) -> None:
        today = paris_day(now)
        sent = data.get("kind") if data else None
        self.tax = TaxForm(data if sent == "TAX" else None, years=offer.tax_years)
        self.by_child = {
            kind: ChildForm(
                data if sent == kind else None,
                children=offer.children,
                kind=kind,
                today=today,
                auto_id=f"{kind.lower()}_%s",
            )
            for kind in self.CHILD_KINDS
        }
        self._sent: forms.Form | None = self.tax if sent == "TAX" else self.by_child.get(sent or "")
        self._children = {child.pk: child for child in offer.children}

    @property
    def attendance(self) -> forms.Form:
        return self.by_child["ATTENDANCE"]

    @property
    def enrolment(self) -> forms.Form:
        return self.by_child["ENROLMENT"]

    @property
    def school(self) -> forms.Form:
        return self.by_child["SCHOOL"]

    @property
    def has_errors(self) -> bool:
        return self._sent is not None and bool(self._sent.errors)

    @property
    def sent(self) -> forms.Form | None:
        """The form that was sent, for the summary of its errors."""
        return self._sent

    def asked(self) -> dict[str, Any] | None:
        """What the sent form asks, ready for the journey; None when nothing valid was sent."""
        if self._sent is None or not self._sent.is_valid():
            return None
        cleaned = self._sent.cleaned_data
        return {
            "kind": cleaned["kind"],
            "child": self._children.get(cleaned.get("child")),
            "first": cleaned.get("first"),
            "last": cleaned.get("last"),
            "year": cleaned.get("year"),
        }

    def refuse(self, sentence: str) -> None:
        """Say on the sent form why nothing was issued."""
        if self._sent is not None:
            self._sent.add_error(None, sentence)
