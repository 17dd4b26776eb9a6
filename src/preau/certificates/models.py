"""What is certified: each certificate has a number, and a code that `/verifier/` checks."""

from django.db import models

from preau.certificates.enums import CertificateKind
from preau.kernel.enums import Channel


class Certificate(models.Model):
    """One certificate issued to one family; the PDF is archived as an issued document."""

    kind = models.CharField(max_length=12, choices=CertificateKind)
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    document = models.OneToOneField("documents.IssuedDocument", models.PROTECT, related_name="+")
    facts = models.JSONField("ce qui est certifié")
    issued_at = models.DateTimeField("délivrée le")
    channel = models.CharField("canal", max_length=10, choices=Channel)

    class Meta:
        verbose_name = "attestation"
        indexes = [models.Index(fields=["family", "-issued_at"], name="certificate_by_family")]
