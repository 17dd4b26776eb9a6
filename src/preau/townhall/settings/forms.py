"""Forms of the town's settings."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import SecondFactorPolicy
from preau.ui.forms import DateField


class LinesField(forms.CharField):
    """Several short texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = re.split(r"[\r\n]+", super().to_python(value) or "")
        return [line.strip() for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class IdentityForm(forms.Form):
    name = forms.CharField(label=_("Nom de la ville"), max_length=80)
    subtitle = forms.CharField(
        label=_("Sous-titre"),
        max_length=80,
        help_text=_("Sous le nom, par exemple « Espace familles »."),
    )
    address = forms.CharField(
        label=_("Adresse et horaires du guichet"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Au bas de chaque page."),
    )
    phone = forms.CharField(label=_("Téléphone"), max_length=20, required=False)
    email = forms.EmailField(label=_("Adresse e-mail"), required=False)
    website = forms.URLField(label=_("Site de la ville"), required=False, assume_scheme="https")
    insee_code = forms.RegexField(
        r"^(\d{5}|2[AB]\d{3})$",
        label=_("Code INSEE"),
        required=False,
        error_messages={"invalid": _("Un code INSEE a cinq signes, par exemple 94080.")},
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    siret = forms.RegexField(
        r"^\d{14}$",
        label=_("SIRET"),
        required=False,
        error_messages={"invalid": _("Un SIRET a quatorze chiffres.")},
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric"}),
    )
    postcodes = LinesField(
        label=_("Codes postaux de la commune"),
        required=False,
        help_text=_("Un par ligne : ils disent qui habite la commune."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    city_names = LinesField(
        label=_("Noms de la commune dans une adresse"),
        required=False,
        help_text=_("Un par ligne, avec les anciennes communes."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    academy = forms.CharField(label=_("Académie"), max_length=40, required=False)
    holiday_zone = forms.ChoiceField(
        label=_("Zone de vacances"),
        choices=[(z, _("Zone %s") % z) for z in "ABC"],
        widget=forms.RadioSelect,
    )


class ColourField(forms.CharField):
    """A colour as «#rrggbb»; the browser offers its picker."""

    widget = forms.TextInput(attrs={"type": "color", "class": "swatch"})

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip().lower()


class BaseColourForm(forms.Form):
    """One colour, from which Préau draws a readable set."""

    base = ColourField(
        label=_("La couleur de la ville"),
        help_text=_("Préau en tire six teintes lisibles, de jour et de nuit."),
    )


class ColoursForm(forms.Form):
    colour_light = ColourField(label=_("Couleur"))
    colour_light_on = ColourField(label=_("Texte posé dessus"))
    colour_light_soft = ColourField(label=_("Fond doux"))
    colour_dark = ColourField(label=_("Couleur"))
    colour_dark_on = ColourField(label=_("Texte posé dessus"))
    colour_dark_soft = ColourField(label=_("Fond doux"))


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=_("Fichier du logo"),
        help_text=_("PNG, JPEG ou WebP, 300 ko au plus. Pas de SVG."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        error_messages={"required": _("Choisissez un fichier.")},
    )


class EmbedForm(forms.Form):
    embed_origins = LinesField(
        label=_("Sites qui peuvent inclure l’encart"),
        required=False,
        help_text=_(
            "Une adresse par ligne, par exemple https://www.ma-ville.fr. "
            "Vide : aucun site ne peut l’inclure."
        ),
    )


class TextsForm(forms.Form):
    silence_text = forms.CharField(
        label=_("Ce que vaut le silence"),
        widget=forms.Textarea,
        help_text=_("Dans chaque accusé de réception."),
    )
    appeal_text = forms.CharField(
        label=_("Voies et délais de recours"),
        widget=forms.Textarea,
        help_text=_("Avec chaque refus."),
    )
    initial_password_days = forms.IntegerField(
        label=_("Validité du mot de passe d’une lettre, en jours"), min_value=1, max_value=365
    )


class AccessForm(forms.Form):
    second_factor = forms.ChoiceField(
        label=_("Second facteur"),
        choices=SecondFactorPolicy.choices,
        widget=forms.RadioSelect,
        help_text=_("Demandé à la prochaine connexion de chacun."),
    )
    agent_idle_minutes = forms.IntegerField(
        label=_("Fermer la session d’un agent inactif après, en minutes"),
        min_value=5,
        max_value=600,
        help_text=_("Une session dure dix heures au plus."),
    )
    export_rows_a_day = forms.IntegerField(
        label=_("Lignes exportées par agent et par jour"),
        min_value=0,
        max_value=1_000_000,
        help_text=_(
            "Les affaires scolaires, la facturation et l’administration exportent sans limite. "
            "Chaque export est au journal."
        ),
    )


class ServiceForm(forms.Form):
    name = forms.CharField(label=_("Nom du service"), max_length=80)
    phone = forms.CharField(label=_("Téléphone"), max_length=20, required=False)
    email = forms.EmailField(label=_("Adresse e-mail"), required=False)
    address = forms.CharField(
        label=_("Adresse"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    opening_hours = forms.CharField(
        label=_("Horaires"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    position = forms.IntegerField(label=_("Ordre"), min_value=0, max_value=999, initial=0)


class PageForm(forms.Form):
    title = forms.CharField(
        label=_("Titre"), max_length=120, widget=forms.TextInput(attrs={"class": "wide"})
    )
    body = forms.CharField(
        label=_("Texte"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 22, "class": "tall"}),
        help_text=_(
            "Une ligne vide sépare deux paragraphes. ## annonce un titre, - une liste, "
            "**deux étoiles** du gras, [texte](adresse) un lien."
        ),
    )
    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)


class NoticeForm(forms.Form):
    title = forms.CharField(
        label=_("Titre"),
        max_length=120,
        help_text=_("Une phrase : « Grève dans les écoles jeudi 26. »"),
    )
    body = forms.CharField(
        label=_("Précision"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    starts_on = DateField(label=_("Visible à partir du"))
    ends_on = DateField(label=_("Jusqu’au"), help_text=_("Ce jour compris."))
