"""The way in."""

from django.urls import path

from preau.portal.sign_in import views

urlpatterns = [
    path("connexion/", views.sign_in, name="sign-in"),
    path("deconnexion/", views.sign_out, name="sign-out"),
    path("premiere-connexion/", views.first_password, name="first-password"),
    path("mot-de-passe-oublie/", views.forgotten, name="password-forgotten"),
    path("mot-de-passe-oublie/envoye/", views.link_sent, name="password-link-sent"),
    path("mot-de-passe/<str:token>/", views.choose_password, name="choose-password"),
    path("adresse-e-mail/<str:token>/", views.confirm_email, name="confirm-email"),
    path("espace/mot-de-passe/", views.change_password, name="password"),
    path("espace/adresse-e-mail/", views.change_email, name="email"),
]
