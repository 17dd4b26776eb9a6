"""The canteen's menus, read with one's own children in mind."""

from django.urls import path

from preau.portal.menus import views

urlpatterns = [path("espace/menus/", views.menus, name="menus")]
