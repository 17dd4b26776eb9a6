from django.urls import path

from preau.townhall.schools import commission, next_offer, renewal, sectors, views, year

urlpatterns = [
    path("ecoles/", views.schools, name="schools"),
    path("ecoles/eleves/", views.pupils, name="pupils"),
    path("ecoles/eleves/<int:child_id>/", views.pupil, name="pupil"),
    path("ecoles/eleves/<int:child_id>/depart/", views.pupil_leaves, name="pupil-leaves"),
    path(
        "ecoles/eleves/<int:child_id>/radiation/",
        views.leaving_certificate,
        name="pupil-leaving-certificate",
    ),
    path("ecoles/secteurs/", sectors.segments, name="sectors"),
    path("ecoles/secteurs/nouveau/", sectors.segment, name="sector-new"),
    path("ecoles/secteurs/importer/", sectors.sectors_import, name="sectors-import"),
    path("ecoles/secteurs/<int:segment_id>/", sectors.segment, name="sector"),
    path("ecoles/secteurs/<int:segment_id>/retirer/", sectors.segment_delete, name="sector-delete"),
    path("ecoles/derogations/", commission.derogations, name="derogations"),
    path("ecoles/previsions/", year.numbers_ahead, name="forecast"),
    path("ecoles/rentree/", year.roll_overs, name="roll-overs"),
    path("ecoles/rentree/<int:roll_over_id>/", year.roll_over, name="roll-over"),
    path(
        "ecoles/rentree/<int:roll_over_id>/eleves/<int:promotion_id>/",
        year.promotion,
        name="promotion",
    ),
    path(
        "ecoles/rentree/<int:roll_over_id>/appliquer/", year.roll_over_apply, name="roll-over-apply"
    ),
    path("ecoles/rentree/<int:roll_over_id>/annuler/", year.roll_over_undo, name="roll-over-undo"),
    path("ecoles/renouvellement/", renewal.campaigns, name="renewals"),
    path("ecoles/renouvellement/offre/", next_offer.next_offer, name="next-offer"),
    path("ecoles/renouvellement/<int:campaign_id>/", renewal.campaign, name="renewal"),
    path(
        "ecoles/renouvellement/<int:campaign_id>/prevenir/",
        renewal.campaign_tell,
        name="renewal-tell",
    ),
    path(
        "ecoles/renouvellement/<int:campaign_id>/lettres/<int:print_id>/",
        renewal.campaign_letters,
        name="renewal-letters",
    ),
    path(
        "ecoles/renouvellement/<int:campaign_id>/lettres/<int:print_id>.pdf",
        renewal.campaign_letters_pdf,
        name="renewal-letters-pdf",
    ),
    path(
        "ecoles/renouvellement/<int:campaign_id>/lettres/refaire/",
        renewal.campaign_letters_again,
        name="renewal-letters-again",
    ),
    path("ecoles/reglement/", renewal.regulations, name="regulations"),
    path("ecoles/reglement/<int:regulation_id>/", renewal.regulations, name="regulation"),
    path("dossiers/<str:code>/renouvellement/", renewal.family_renewal, name="family-renewal"),
]
