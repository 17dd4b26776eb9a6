"""Who waits for a place, why it counts, and what proves it."""

from django.db import models
from django.db.models import Q

from preau.childcare.enums import OPEN_WISHES, PieceStatus, WishStatus
from preau.kernel.enums import Channel


class Scale(models.Model):
    """A version of the published criteria: which points, from which day. Published, it is kept."""

    label = models.CharField("nom", max_length=80)
    applies_from = models.DateField("s’applique à partir du", null=True)
    council_decision = models.CharField("délibération", max_length=120, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField("publié le", null=True)
    published_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "barème d’attribution"
        ordering = ["-applies_from", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["applies_from"],
                condition=Q(published_at__isnull=False),
                name="scale_one_published_per_day",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(applies_from__isnull=False),
                name="scale_published_has_day",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Criterion(models.Model):
    """One criterion: its points each time it holds, up to `most` times, and what proves it."""

    scale = models.ForeignKey(Scale, models.CASCADE, related_name="criteria")
    code = models.SlugField("nom court", max_length=40)
    label = models.CharField("critère", max_length=160)
    points = models.PositiveSmallIntegerField("points")
    most = models.PositiveSmallIntegerField("au plus, fois", default=1)
    proof = models.CharField("justificatif", max_length=200)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "critère d’attribution"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["scale", "code"], name="criterion_unique"),
            models.CheckConstraint(condition=Q(most__gte=1), name="criterion_most"),
        ]

    def __str__(self) -> str:
        return self.label


class Preregistration(models.Model):
    """A wish for a crèche place, from pregnancy on; ranked by points, then by date."""

    Status = WishStatus

    # What the commission sees instead of a name.
    number = models.CharField("numéro", max_length=12, unique=True, null=True)
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    # The first wish; the others, in their order, are in `Wish`.
    establishment = models.ForeignKey(
        "catalogue.Establishment", models.PROTECT, null=True, related_name="+"
    )
    wished_from = models.DateField("accueil souhaité à partir du")
    # Minutes asked for each weekday, Monday first: [540, 540, 0, 540, 540].
    weekly_minutes = models.JSONField("minutes par jour", default=list)
    # The hours of each weekday, in minutes from midnight: [[510, 1050], null, …].
    week = models.JSONField("horaires", default=list)
    comment = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=WishStatus, default=WishStatus.WAITING)
    scale = models.ForeignKey(Scale, models.PROTECT, null=True, related_name="+")
    # Points that are proved, and those that would be if every claim were; kept by the services.
    score = models.PositiveSmallIntegerField("points", default=0)
    claimed_score = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    unlocked_at = models.DateTimeField("complète le", null=True)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    request_id = models.BigIntegerField(null=True)
    closed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "préinscription en crèche"
        indexes = [
            models.Index(fields=["status", "created_at"], name="preregistration_queue"),
            models.Index(fields=["family"], name="preregistration_by_family"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["child"],
                condition=Q(status__in=list(OPEN_WISHES)),
                name="preregistration_one_open_per_child",
            )
        ]


class Wish(models.Model):
    """One wished crèche, in the family's order; its own day and hours when they differ."""

    preregistration = models.ForeignKey(Preregistration, models.CASCADE, related_name="wishes")
    rank = models.PositiveSmallIntegerField("vœu n°")
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    wished_from = models.DateField("à partir du", null=True)
    week = models.JSONField("horaires", default=list)

    class Meta:
        verbose_name = "vœu"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["preregistration", "rank"], name="wish_rank_unique"),
            models.UniqueConstraint(
                fields=["preregistration", "establishment"], name="wish_site_unique"
            ),
        ]


class Piece(models.Model):
    """What proves a file (`criterion` None: asked of everyone) or one criterion."""

    preregistration = models.ForeignKey(Preregistration, models.CASCADE, related_name="pieces")
    criterion = models.ForeignKey(Criterion, models.PROTECT, null=True, related_name="+")
    label = models.CharField("pièce", max_length=200)
    # How many times the criterion is claimed (two children under three…).
    quantity = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=8, choices=PieceStatus, default=PieceStatus.WANTED)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    given_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=160, blank=True)
    comment = models.CharField("réponse", max_length=200, blank=True)

    class Meta:
        verbose_name = "pièce d’une préinscription"
        ordering = ["criterion__position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["preregistration", "criterion"], name="piece_once_per_criterion"
            )
        ]
