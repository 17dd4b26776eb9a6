"""Settings of the town, under /mairie/reglages/."""

from django.urls import path

from preau.townhall.settings import colours, views, writing

urlpatterns = [
    path("reglages/", views.hub, name="settings"),
    path("reglages/identite/", views.identity, name="town-identity"),
    path("reglages/couleurs/", colours.colours, name="town-colours"),
    path("reglages/couleurs/apercu.css", colours.preview, name="town-colours-preview"),
    path("reglages/logo/", views.logo, name="town-logo"),
    path("reglages/encart/", views.embed, name="town-embed"),
    path("reglages/textes/", views.texts, name="town-texts"),
    path("reglages/acces/", views.access, name="town-access"),
    path("reglages/services/", writing.service_list, name="town-services"),
    path("reglages/services/nouveau/", writing.service, name="town-service-new"),
    path("reglages/services/<int:pk>/", writing.service, name="town-service"),
    path(
        "reglages/services/<int:pk>/supprimer/", writing.service_delete, name="town-service-delete"
    ),
    path("reglages/pages/", writing.pages, name="town-pages"),
    path("reglages/pages/<slug:slug>/", writing.page, name="town-page"),
    path("reglages/annonces/", writing.notices, name="town-notices"),
    path("reglages/annonces/nouvelle/", writing.notice, name="town-notice-new"),
    path("reglages/annonces/<int:pk>/", writing.notice, name="town-notice"),
    path("reglages/annonces/<int:pk>/supprimer/", writing.notice_delete, name="town-notice-delete"),
]
