"""The public pages, and what robots read."""

from django.urls import path

from preau.public.pages import embed, machine, views

urlpatterns = [
    path("", views.home, name="home"),
    path("activites/", views.activities, name="activities"),
    path("activites/<slug:slug>/", views.activity, name="activity"),
    path("menus/", views.menus, name="menus"),
    path("aide/", views.help_page, name="help"),
    path("mentions-legales/", views.legal, name="legal"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("donnees-personnelles/", views.privacy, name="privacy"),
    path("encart/", embed.panel, name="embed"),
    path("robots.txt", machine.robots, name="robots"),
    path("sitemap.xml", machine.sitemap, name="sitemap"),
    path(".well-known/security.txt", machine.security, name="security"),
]
