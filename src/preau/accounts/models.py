"""Who signs in: an adult of a family, or an agent of the town. One account, one person."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django_otp.models import Device, ThrottlingMixin

from preau.accounts.enums import ROLE_PERMISSIONS, Role


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(pk=username)


class User(AbstractBaseUser):
    """An account. E-mail is optional: a family may sign in with its code alone.

    `email` is what one signs in with: for families, an address proved by a link sent to it.
    """

    class Kind(models.TextChoices):
        FAMILY = "FAMILY", "famille"
        AGENT = "AGENT", "agent"

    kind = models.CharField(max_length=8, choices=Kind)
    email = models.EmailField("adresse e-mail", null=True, blank=True)
    email_verified_at = models.DateTimeField(null=True)
    first_name = models.CharField("prénom", max_length=80)
    last_name = models.CharField("nom", max_length=80)
    is_active = models.BooleanField("actif", default=True)
    # The password of a letter: it opens one page only, the one that changes it.
    must_change_password = models.BooleanField(default=False)
    initial_password_expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField("créé le")

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()

    class Meta:
        verbose_name = "compte"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "email"], condition=Q(email__isnull=False), name="user_email_unique"
            ),
            models.CheckConstraint(
                condition=Q(email__isnull=True) | Q(email=Lower("email")),
                name="user_email_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_agent(self) -> bool:
        return self.kind == self.Kind.AGENT

    @property
    def is_family(self) -> bool:
        return self.kind == self.Kind.FAMILY


class RoleAssignment(models.Model):
    """A role held by an agent between two dates, perhaps for one establishment alone (by id)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    role = models.CharField("rôle", max_length=20, choices=Role)
    establishment_id = models.BigIntegerField("établissement", null=True, blank=True)
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    class Meta:
        verbose_name = "rôle"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="role_dates_in_order",
            )
        ]

    @property
    def permissions(self) -> frozenset[str]:
        return ROLE_PERMISSIONS[self.role]


class PasswordLink(models.Model):
    """A link that lets its holder choose a password, once. Only its hash is kept.

    An invitation also proves the address it was sent to.
    """

    class Purpose(models.TextChoices):
        RESET = "RESET", "mot de passe oublié"
        INVITATION = "INVITATION", "invitation"

    user = models.ForeignKey(User, models.CASCADE, related_name="password_links")
    purpose = models.CharField(max_length=10, choices=Purpose)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "lien de mot de passe"


class Authenticator(ThrottlingMixin, Device):
    """An agent's authenticator application (TOTP, RFC 6238): six digits, thirty seconds.

    One confirmed at most for an account. The secret is sealed; after a wrong code the next try
    waits 1, 2, 4… seconds (ThrottlingMixin).
    """

    # (The library's own fields carry no types: those of ours are said.)
    user: "models.ForeignKey[User, User]" = models.ForeignKey(
        User, models.CASCADE, related_name="+"
    )
    sealed_secret: "models.CharField[str, str]" = models.CharField(max_length=255)
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField("ajouté le")
    confirmed_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(
        "confirmé le", null=True
    )
    # The time step of the last code taken: none serves twice.
    last_step: "models.BigIntegerField[int, int]" = models.BigIntegerField(default=-1)

    class Meta:
        verbose_name = "application d’authentification"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(confirmed=True), name="authenticator_one_confirmed"
            )
        ]

    def get_throttle_factor(self) -> float:
        return 1


class RecoveryCode(models.Model):
    """A code on paper for the day when the telephone is lost: serves once, its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "code de secours"
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_unique")
        ]
