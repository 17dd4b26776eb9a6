"""Rules and prices, under /mairie/regles/."""

from django.urls import path

from preau.townhall.rules import backdating, grids, views

urlpatterns = [
    path("regles/", views.versions, name="rules"),
    path("regles/<int:pk>/", views.version, name="rules-version"),
    path("regles/<int:pk>/controle/", views.check, name="rules-check"),
    path("regles/<int:pk>/apercu/", views.trial, name="rules-preview"),
    path("regles/<int:pk>/comparer/", views.compare, name="rules-compare"),
    path("regles/<int:pk>/texte/", views.text, name="rules-text"),
    path("regles/<int:pk>/export/", views.export, name="rules-export"),
    path("regles/<int:pk>/copie/", views.copy, name="rules-copy"),
    path("regles/<int:pk>/publier/", views.publish, name="rules-publish"),
    path("regles/<int:pk>/archiver/", views.archive, name="rules-archive"),
    path("regles/<int:pk>/supprimer/", views.delete, name="rules-delete"),
    path(
        "regles/quotient-tardif/<str:code>/", backdating.late_quotient, name="rules-late-quotient"
    ),
    path("regles/<int:pk>/<slug:section>/<slug:rule_id>/", grids.rule, name="rules-rule"),
]
