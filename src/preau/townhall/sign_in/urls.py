"""The agents' way in."""

from django.urls import path

from preau.townhall.sign_in import views

urlpatterns = [
    path("", views.home, name="home"),
    path("connexion/", views.sign_in, name="sign-in"),
    path("deconnexion/", views.sign_out, name="sign-out"),
    path("premiere-connexion/", views.first_password, name="first-password"),
    path("mot-de-passe/", views.change_password, name="password"),
    path("mot-de-passe-oublie/", views.forgotten, name="password-forgotten"),
    path("mot-de-passe/<str:token>/", views.choose_password, name="choose-password"),
]
