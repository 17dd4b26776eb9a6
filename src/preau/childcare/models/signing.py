"""A contract, or an amendment, put before the family as a document; who signed it, and how."""

from django.db import models
from django.db.models import Q

from preau.childcare.enums import SignedHow
from preau.childcare.models.contracts import Terms
from preau.kernel.enums import Channel
from preau.kernel.triggers import append_only


class Signing(models.Model):
    """The document that a family is asked to sign: archived as it was read, its digest known."""

    terms = models.OneToOneField(Terms, models.PROTECT, related_name="signing")
    document = models.ForeignKey("documents.IssuedDocument", models.PROTECT, related_name="+")
    # What the document says, so that the signed copy says the same to the letter.
    facts = models.JSONField(default=dict)
    sent_at = models.DateTimeField("envoyé le")
    sent_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "mise en signature"
        triggers = append_only()


class Signature(models.Model):
    """One adult's signature, on line or on paper. Rows are added, never changed.

    `sha256` is of the document that was put before this person. On line, `document` is the signed
    copy with its page of signature; on paper, `file` is what came back.
    """

    signing = models.ForeignKey(Signing, models.PROTECT, related_name="signatures")
    how = models.CharField(max_length=8, choices=SignedHow)
    name = models.CharField("nom du signataire", max_length=160)
    adult_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    signed_on = models.DateField("signé le")
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    sha256 = models.CharField("empreinte du document", max_length=64)
    document = models.ForeignKey(
        "documents.IssuedDocument", models.PROTECT, null=True, related_name="+"
    )
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "signature"
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["signing", "adult_id"],
                condition=Q(adult_id__isnull=False),
                name="signature_once_per_adult",
            ),
            models.CheckConstraint(
                condition=Q(how="ONLINE", document__isnull=False)
                | Q(how="PAPER", file__isnull=False),
                name="signature_has_its_paper",
            ),
        ]
        triggers = append_only()
