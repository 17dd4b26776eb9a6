from django.urls import path

from preau.townhall.online import views

urlpatterns = [
    path("paiements/", views.payments, name="billing-payments"),
    path("paiements/messages/", views.events, name="online-events"),
    path("paiements/<slug:reference>/", views.payment, name="online-payment"),
    path("paiements/<slug:reference>/demander/", views.ask_bank, name="billing-payment-ask"),
    path("paiements/<slug:reference>/constater/", views.confirm, name="online-confirm"),
    path("paiements/<slug:reference>/classer/", views.dismiss, name="online-dismiss"),
    path("paiements/<slug:reference>/rendre/", views.refund, name="online-refund"),
]
