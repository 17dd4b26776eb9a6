"""Forms of the family's file: address, people, custody, quotient."""

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.families.enums import (
    WHOLE_WEEKS,
    Civility,
    CustodyWeeks,
    Diet,
    FamilyStatus,
    QuotientSource,
    Sex,
)
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.errors import Refusal
from preau.kernel.money import parse_euros
from preau.ui.forms import DateField


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Nom, code, téléphone, rue…"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Dossiers"),
        required=False,
        choices=[("", _("actifs")), (FamilyStatus.CLOSED, _("clos")), ("all", _("tous"))],
    )
    resident = forms.ChoiceField(
        label=_("Habite la commune"),
        required=False,
        choices=[("", _("peu importe")), ("yes", _("oui")), ("no", _("non"))],
    )
    access = forms.ChoiceField(
        label=_("Accès en ligne"),
        required=False,
        choices=[
            ("", _("peu importe")),
            ("seen", _("déjà connecté")),
            ("never", _("jamais connecté")),
        ],
    )


class AddressForm(forms.Form):
    line1 = forms.CharField(
        label=_("Numéro et rue"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    line2 = forms.CharField(label=_("Bâtiment, étage, chez…"), max_length=120, required=False)
    postcode = forms.CharField(
        label=_("Code postal"), max_length=10, widget=forms.TextInput(attrs={"class": "short"})
    )
    city = forms.CharField(label=_("Commune"), max_length=80)
    country = forms.CharField(label=_("Pays"), max_length=60, initial="FRANCE")

    def address(self) -> AddressData:
        data = self.cleaned_data
        return AddressData(
            line1=data["line1"],
            line2=data["line2"],
            postcode=data["postcode"],
            city=data["city"],
            country=data["country"],
        )


class ChangeAddressForm(AddressForm):
    since = DateField(label=_("Depuis le"), required=False)


class GuardianForm(forms.Form):
    civility = forms.ChoiceField(
        label=_("Civilité"), required=False, choices=[("", _("non précisée")), *Civility.choices]
    )
    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom de naissance"), max_length=80)
    usage_name = forms.CharField(label=_("Nom d’usage"), max_length=80, required=False)
    birth_on = DateField(label=_("Né(e) le"), required=False)
    relationship = forms.CharField(
        label=_("Lien avec les enfants"),
        max_length=40,
        required=False,
        help_text=_("Par exemple\u00a0: mère, père, tuteur."),
    )
    email = forms.EmailField(label=_("Adresse e-mail"), required=False, max_length=254)
    mobile_phone = forms.CharField(label=_("Téléphone portable"), required=False, max_length=20)
    home_phone = forms.CharField(label=_("Téléphone du domicile"), required=False, max_length=20)
    work_phone = forms.CharField(label=_("Téléphone du travail"), required=False, max_length=20)
    has_authority = forms.BooleanField(
        label=_("Exerce l’autorité parentale"), required=False, initial=True
    )

    def guardian(self, *, is_payer: bool = False) -> GuardianData:
        return GuardianData(**self.cleaned_data, is_payer=is_payer)


class OptionalGuardianForm(GuardianForm):
    """The second adult of a new file: empty when there is none."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("empty_permitted", True)
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)

    def has_changed(self) -> bool:
        return any(self.data.get(self.add_prefix(n)) for n in ("first_name", "last_name"))


class ChildForm(forms.Form):
    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom"), max_length=80)
    usage_name = forms.CharField(label=_("Nom d’usage"), max_length=80, required=False)
    sex = forms.ChoiceField(
        label=_("Sexe"), required=False, choices=[("", _("non précisé")), *Sex.choices]
    )
    birth_on = DateField(label=_("Né(e) le"), required=False)
    expected_on = DateField(
        label=_("Ou naissance prévue le"),
        required=False,
        help_text=_("Pour une demande de place en crèche avant la naissance."),
    )
    diet = forms.ChoiceField(label=_("Repas"), choices=Diet.choices, initial=Diet.STANDARD)
    has_pai = forms.BooleanField(
        label=_("A un PAI (projet d’accueil individualisé)"), required=False
    )
    photo_consent = forms.TypedChoiceField(
        label=_("Photos"),
        required=False,
        empty_value=None,
        choices=[("", _("pas de réponse")), ("1", _("autorisées")), ("0", _("refusées"))],
        coerce=lambda value: value == "1",
    )

    def clean(self):
        cleaned = super().clean()
        if not (cleaned.get("birth_on") or cleaned.get("expected_on")) and not (
            self.errors.get("birth_on") or self.errors.get("expected_on")
        ):
            self.add_error("birth_on", _("Indiquez la date de naissance, ou celle prévue."))
        return cleaned


class KnownChildForm(ChildForm):
    """As the file has it; where both parents must sign, the agent says that they did."""

    both_agreed = forms.BooleanField(
        label=_("Les deux parents ont donné leur accord écrit"),
        required=False,
        help_text=_("Nécessaire pour changer un nom ou autoriser les photos."),
    )

    def __init__(self, *args, needs_both, **kwargs):
        super().__init__(*args, **kwargs)
        if not needs_both:
            del self.fields["both_agreed"]


class NewChildForm(ChildForm):
    weeks = forms.ChoiceField(
        label=_("Vit dans ce foyer"), choices=WHOLE_WEEKS, initial=CustodyWeeks.ALL
    )
    starts_on = DateField(label=_("À partir du"))

    def child(self) -> ChildData:
        data = dict(self.cleaned_data)
        data.pop("starts_on", None)
        return ChildData(**data)


class FirstChildForm(forms.Form):
    """A child of a new file: the essential; the rest is completed on the file."""

    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom"), max_length=80)
    birth_on = DateField(label=_("Né(e) le"))
    weeks = forms.ChoiceField(
        label=_("Vit dans ce foyer"), choices=WHOLE_WEEKS, initial=CustodyWeeks.ALL
    )

    def has_changed(self) -> bool:
        return any(self.data.get(self.add_prefix(n)) for n in ("first_name", "last_name"))

    def child(self) -> ChildData:
        return ChildData(**self.cleaned_data)


FirstChildrenFormSet = forms.formset_factory(FirstChildForm, extra=3, max_num=12)


class AttachChildForm(forms.Form):
    """A child known in another household comes to live here too."""

    child_id = forms.IntegerField(widget=forms.HiddenInput)
    weeks = forms.ChoiceField(
        label=_("Vit dans ce foyer"), choices=WHOLE_WEEKS, initial=CustodyWeeks.EVEN
    )
    starts_on = DateField(label=_("À partir du"))


class DayForm(forms.Form):
    day = DateField(label=_("Dernier jour"))


class QuotientForm(forms.Form):
    value = forms.CharField(
        label=_("Quotient familial"),
        max_length=12,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal"}),
    )
    source = forms.ChoiceField(
        label=_("Source"), choices=QuotientSource.choices, initial=QuotientSource.CAF
    )
    starts_on = DateField(label=_("Valable du"))
    ends_on = DateField(label=_("Au"), required=False)

    def clean_value(self) -> int:
        try:
            return parse_euros(self.cleaned_data["value"])
        except Refusal:
            raise forms.ValidationError(
                _("Écrivez le quotient en chiffres, par exemple 742 ou 742,50.")
            ) from None


class RenameForm(forms.Form):
    name = forms.CharField(label=_("Nom du dossier"), max_length=160)


class CloseForm(forms.Form):
    reason = forms.CharField(
        label=_("Pourquoi"),
        max_length=200,
        required=False,
        help_text=_("Par exemple\u00a0: déménagement."),
    )


class WriteForm(forms.Form):
    """A message to one or several adults of a file who have an address."""

    to = forms.MultipleChoiceField(label=_("À qui"), widget=forms.CheckboxSelectMultiple)
    subject = forms.CharField(label=_("Objet"), max_length=150)
    body = forms.CharField(
        label=_("Message"),
        max_length=5000,
        help_text=_(
            "Le téléphone de la mairie et le code famille sont ajoutés à la fin. "
            "N’écrivez ni mot de passe ni donnée de santé."
        ),
        widget=forms.Textarea(attrs={"rows": 10}),
    )

    def __init__(self, *args, adults, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [
            (str(adult.pk), f"{adult} ({adult.email})") for adult in adults
        ]
        self.fields["to"].initial = [str(adult.pk) for adult in adults]
