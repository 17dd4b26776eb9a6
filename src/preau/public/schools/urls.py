"""Which school for an address, and the règlement intérieur."""

from django.urls import path

from preau.public.schools import views

urlpatterns = [
    path("ecoles/", views.find_school, name="find-school"),
    path("reglement-interieur/", views.regulation, name="regulation"),
]
