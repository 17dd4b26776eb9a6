"""Forms that join two files, or part a household: what the agent chooses side by side."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.families.duplicates import person_key
from preau.families.enums import CustodyWeeks
from preau.families.values import AddressData
from preau.journeys.merging.merge import Choices
from preau.journeys.merging.split import Parting
from preau.townhall.families.forms import AddressForm
from preau.ui.forms import DateField

SIDES = (("kept", gettext_lazy("celui du dossier gardé")), ("other", gettext_lazy("l’autre")))


class MergeForm(forms.Form):
    """Person by person: the same, or another one; then address, name and quotient."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    address = forms.ChoiceField(label=gettext_lazy("Adresse"), widget=forms.RadioSelect)
    name = forms.ChoiceField(label=gettext_lazy("Nom du dossier"), widget=forms.RadioSelect)
    quotient = forms.ChoiceField(label=gettext_lazy("Quotient"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, kept: Any, other: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.other = kept, other
        self.initial.setdefault("key", uuid.uuid4())
        for name, mine, theirs in (
            ("address", kept.address.one_line, other.address.one_line),
            ("name", kept.family.name, other.family.name),
            ("quotient", kept.quotient or _("aucun"), other.quotient or _("aucun")),
        ):
            self.fields[name].choices = [("kept", str(mine)), ("other", str(theirs))]
            self.fields[name].initial = (
                "other" if name == "quotient" and not kept.quotient else "kept"
            )
        for adult in other.adults:
            self.fields[f"adult_{adult.pk}"] = forms.ChoiceField(
                label=str(adult),
                choices=[("", _("une autre personne, qui rejoint le dossier"))]
                + [(str(a.pk), _("la même que %s") % a) for a in kept.adults],
                required=False,
                initial=_guess(adult, kept.adults),
            )
            self.fields[f"contacts_{adult.pk}"] = forms.BooleanField(
                label=_("Garder le téléphone et l’e-mail de l’autre dossier pour %s") % adult,
                required=False,
            )
        for child in other.children:
            self.fields[f"child_{child.pk}"] = forms.ChoiceField(
                label=str(child),
                choices=[("", _("un autre enfant, qui rejoint le dossier"))]
                + [(str(c.pk), _("le même que %s") % c) for c in kept.children if c.pk != child.pk],
                required=False,
                initial=_guess(child, kept.children, birth=True),
            )

    @property
    def people(self) -> list[tuple[Any, Any]]:
        """(the choice, the box of the contacts or None) of each person of the other file."""
        rows = [(self[f"adult_{a.pk}"], self[f"contacts_{a.pk}"]) for a in self.other.adults]
        return rows + [(self[f"child_{c.pk}"], None) for c in self.other.children]

    def choices(self) -> Choices:
        data = self.cleaned_data

        def chosen(prefix: str, rows: Any) -> dict[int, int | None]:
            return {
                row.pk: int(text) if (text := data[f"{prefix}_{row.pk}"]) else None for row in rows
            }

        return Choices(
            adults=chosen("adult", self.other.adults),
            children=chosen("child", self.other.children),
            contacts=frozenset(a.pk for a in self.other.adults if data.get(f"contacts_{a.pk}")),
            take_address=data["address"] == "other",
            take_name=data["name"] == "other",
            take_quotient=data["quotient"] == "other",
        )


def _guess(person: Any, others: Any, *, birth: bool = False) -> str:
    """The one of the others who bears the same names (and birth), if any."""
    keys = person_key(person.first_name, person.last_name, person.usage_name)
    for other in others:
        same_birth = person.birth_on == other.birth_on or (
            not birth and not (person.birth_on and other.birth_on)
        )
        if (
            other.pk != person.pk
            and same_birth
            and keys & person_key(other.first_name, other.last_name, other.usage_name)
        ):
            return str(other.pk)
    return ""


class SplitForm(AddressForm):
    """Who leaves, from when, and where to."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    from_on = DateField(label=gettext_lazy("À partir du"))
    adults = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Qui part"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    name = forms.CharField(
        label=gettext_lazy("Nom du nouveau dossier"), required=False, max_length=160
    )
    keep_quotient = forms.BooleanField(
        label=gettext_lazy("Appliquer aussi le quotient actuel au nouveau foyer, en attendant"),
        required=False,
    )

    def __init__(self, *args: Any, adults: Any, children: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4())
        self.children = list(children)
        self.fields["adults"].choices = [(a.pk, str(a)) for a in adults]
        for child in self.children:
            self.fields[f"child_{child.pk}"] = forms.ChoiceField(
                label=str(child),
                choices=[
                    ("", _("reste dans ce dossier")),
                    (CustodyWeeks.ALL, _("part dans le nouveau foyer")),
                    (CustodyWeeks.EVEN, _("vit dans le nouveau foyer les semaines paires")),
                    (CustodyWeeks.ODD, _("vit dans le nouveau foyer les semaines impaires")),
                ],
                required=False,
            )

    @property
    def child_fields(self) -> list[Any]:
        return [self[f"child_{child.pk}"] for child in self.children]

    def parting(self) -> Parting:
        data = self.cleaned_data
        address: AddressData = self.address()
        return Parting(
            from_on=data["from_on"],
            adults=tuple(data["adults"]),
            children={
                child.pk: weeks for child in self.children if (weeks := data[f"child_{child.pk}"])
            },
            address=address,
            name=data["name"],
            keep_quotient=data["keep_quotient"],
        )
