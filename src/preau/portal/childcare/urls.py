"""The household's crèche: its files, offers, contracts and months."""

from django.urls import path

from preau.portal.childcare import signing, views

BASE = "espace/creche/"
PAPER = f"{BASE}contrats/<int:pk>/signer/<int:terms>/"
urlpatterns = [
    path(BASE, views.home, name="childcare"),
    path(f"{BASE}demandes/<int:pk>/", views.wish, name="childcare-wish"),
    path(f"{BASE}demandes/<int:pk>/pieces/<int:piece>/", views.give, name="childcare-give"),
    path(f"{BASE}propositions/<int:pk>/", views.answer, name="childcare-offer"),
    path(f"{BASE}contrats/<int:pk>/", views.contract, name="childcare-contract"),
    path(f"{BASE}contrats/<int:pk>/absence/", views.absence, name="childcare-absence"),
    path(PAPER, signing.sign, name="childcare-sign"),
    path(f"{PAPER}document.pdf", signing.document, name="childcare-paper"),
    path(f"{PAPER}signe/<int:signature>/", signing.signed, name="childcare-signed"),
    path(f"{BASE}releves/<int:pk>/", views.statement, name="childcare-statement"),
    path(f"{BASE}releves/<int:pk>/releve.pdf", views.statement_pdf, name="childcare-statement-pdf"),
]
