"""The offer, under /mairie/offre/."""

from django.urls import path
from django.views.generic import RedirectView

from preau.accounts.enums import Permission
from preau.townhall.access import agent_required
from preau.townhall.catalogue import details, menus, places, rush, slots, tables, windows

first_list = agent_required(Permission.MANAGE_CATALOGUE)(
    RedirectView.as_view(pattern_name="townhall:catalogue-list")
)

urlpatterns = [
    path("offre/", first_list, {"key": "activites"}, name="catalogue"),
    path("offre/menus/", menus.menus, name="menus"),
    path("offre/menus/export/<slug:file_format>/", menus.menus_export, name="menus-export"),
    path("offre/affluence/", rush.rush, name="catalogue-rush"),
    path("offre/delais/", places.terms, name="catalogue-terms"),
    path("offre/seances/", slots.open_many, name="catalogue-slots"),
    path("offre/annees/<int:pk>/", details.year, name="catalogue-year"),
    path("offre/annees/<int:pk>/calendrier/", details.year_import, name="catalogue-year-import"),
    path("offre/annees/<int:pk>/copie/", details.year_copy, name="catalogue-year-copy"),
    path("offre/activites/<int:pk>/", details.activity, name="catalogue-activity"),
    path(
        "offre/activites/<int:activity_id>/formules/nouvelle/",
        details.product,
        name="catalogue-product-new",
    ),
    path(
        "offre/activites/<int:activity_id>/formules/<int:pk>/",
        details.product,
        name="catalogue-product",
    ),
    path(
        "offre/activites/<int:activity_id>/formules/<int:pk>/supprimer/",
        details.product_delete,
        name="catalogue-product-delete",
    ),
    path("offre/ouvertures/<int:pk>/", details.offering, name="catalogue-offering"),
    path("offre/ouvertures/<int:pk>/places/", places.places, name="catalogue-places"),
    path("offre/ouvertures/<int:pk>/seances/", slots.open_one, name="catalogue-offering-slots"),
    path("offre/ouvertures/<int:pk>/reservations/", windows.windows, name="catalogue-windows"),
    path(
        "offre/ouvertures/<int:pk>/reservations/<int:window_id>/supprimer/",
        windows.window_delete,
        name="catalogue-window-delete",
    ),
    path("offre/<slug:key>/", tables.table, name="catalogue-list"),
    path("offre/<slug:key>/nouveau/", tables.edit, name="catalogue-new"),
    path("offre/<slug:key>/<int:pk>/modifier/", tables.edit, name="catalogue-edit"),
    path("offre/<slug:key>/<int:pk>/supprimer/", tables.delete, name="catalogue-delete"),
]
