"""The kitchen: meals of the day, what was sent, menus and their allergens."""

from django.urls import path

from preau.townhall.kitchen import menus, views

urlpatterns = [
    path("cuisine/", views.meals, name="kitchen"),
    path("cuisine/envois/", views.sent, name="kitchen-sent"),
    path("cuisine/envois/<int:count_id>/", views.count, name="kitchen-count"),
    path("cuisine/envois/<int:count_id>.pdf", views.count_pdf, name="kitchen-count-pdf"),
    path("cuisine/envois/<int:count_id>.csv", views.count_csv, name="kitchen-count-csv"),
    path("cuisine/reglages/", views.settings, name="kitchen-settings"),
    path("cuisine/allergenes/", menus.allergens, name="kitchen-allergens"),
    path("cuisine/menus/importer/", menus.import_menus, name="kitchen-import"),
]
