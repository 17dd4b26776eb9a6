from django.urls import path

from preau.portal.debts import views

urlpatterns = [
    path("espace/compte/titre/<int:titre_id>/", views.titre, name="titre"),
    path("espace/compte/titre/<int:titre_id>/payer/", views.pay_titre, name="titre-pay"),
    path("espace/compte/facture/<slug:number>/fois/", views.instalments, name="instalments"),
]
