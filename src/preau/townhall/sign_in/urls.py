"""The agents' way in."""

from django.urls import path

from preau.townhall.sign_in import factor, views

urlpatterns = [
    path("", views.home, name="home"),
    path("connexion/", views.sign_in, name="sign-in"),
    path("connexion/code/", factor.code, name="factor-code"),
    path("second-facteur/", factor.factor, name="factor"),
    path("second-facteur/ajouter/", factor.confirm, name="factor-confirm"),
    path("second-facteur/codes/", factor.renew, name="factor-renew"),
    path("second-facteur/retirer/", factor.remove, name="factor-remove"),
    path("deconnexion/", views.sign_out, name="sign-out"),
    path("premiere-connexion/", views.first_password, name="first-password"),
    path("mot-de-passe/", views.change_password, name="password"),
    path("mot-de-passe-oublie/", views.forgotten, name="password-forgotten"),
    path("mot-de-passe/<str:token>/", views.choose_password, name="choose-password"),
]
