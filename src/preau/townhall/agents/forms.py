"""Forms about agents and their roles."""

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import ROLE_PERMISSIONS, TOWN_WIDE, Permission, Role
from preau.accounts.errors import RoleOfTheTown
from preau.catalogue.queries import establishments
from preau.ui.forms import DateField, choice

STATES = (("", _("en activité")), ("closed", _("désactivés")), ("all", _("tous")))


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Nom ou adresse e-mail"), required=False, max_length=100)
    role = forms.ChoiceField(
        label=_("Rôle"), required=False, choices=[("", _("tous les rôles")), *Role.choices]
    )
    state = forms.ChoiceField(label=_("Comptes"), required=False, choices=STATES)


class AgentForm(forms.Form):
    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom"), max_length=80)
    email = forms.EmailField(
        label=_("Adresse e-mail professionnelle"),
        max_length=254,
        help_text=_("Elle sert à se connecter."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Rôle"), widget=forms.RadioSelect)
    establishment = forms.TypedChoiceField(
        label=_("Pour un seul établissement"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Laissez vide pour toute la ville."),
    )
    starts_on = DateField(label=_("À partir du"))
    ends_on = DateField(label=_("Jusqu’au"), required=False, help_text=_("Vide : sans fin prévue."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [
            (role.value, choice(role.label, role_hint(role.value))) for role in Role
        ]
        self.fields["establishment"].choices = [("", _("toute la ville"))] + [
            (site.pk, site.name) for site in establishments()
        ]

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("starts_on"), cleaned.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("La fin d’un rôle ne peut pas précéder son début."))
        if cleaned.get("establishment") and cleaned.get("role", "") in TOWN_WIDE:
            self.add_error("establishment", RoleOfTheTown.message)
        return cleaned


class NewAgentForm(RoleForm, AgentForm):
    """A new agent: who, and the first role."""

    field_order = ["first_name", "last_name", "email", "role", "establishment", "starts_on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["ends_on"]


class EndRoleForm(forms.Form):
    ends_on = DateField(label=_("Dernier jour"))


class RemoveFactorForm(forms.Form):
    reason = forms.CharField(
        label=_("Motif"), max_length=200, help_text=_("Comment vous l’avez reconnu, et pourquoi.")
    )


def role_hint(role: str) -> str:
    """What a role allows, in words: «voir les dossiers, encaisser»."""
    held = ROLE_PERMISSIONS[role]
    if len(held) > 12:
        return str(_("tout, sauf encaisser"))
    return ", ".join(p.label for p in Permission if p in held)
