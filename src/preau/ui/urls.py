"""Addresses of the layout itself."""

from django.urls import path

from preau.ui import views

app_name = "ui"

urlpatterns = [
    path("theme.css", views.theme_css, name="theme"),
    path("logo", views.logo, name="logo"),
    path("favicon.ico", views.favicon, name="favicon"),
]
