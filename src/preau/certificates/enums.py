from django.db import models


class CertificateKind(models.TextChoices):
    TAX = "TAX", "attestation fiscale"
    ATTENDANCE = "ATTENDANCE", "attestation de présence"
    ENROLMENT = "ENROLMENT", "attestation d’inscription"
    SCHOOL = "SCHOOL", "certificat de scolarité"
    LEAVING = "LEAVING", "certificat de radiation"
