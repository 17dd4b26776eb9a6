from django.urls import path

from preau.portal.account import invoices, papers, payments, views

urlpatterns = [
    path("espace/compte/", views.account, name="account"),
    path("espace/compte/ancien-dossier/", views.joined, name="account-joined"),
    path("espace/compte/releve/<slug:office>/", views.statement, name="statement"),
    path("espace/compte/releve/<slug:office>/pdf/", papers.statement_pdf, name="statement-pdf"),
    path("espace/compte/credit/<slug:office>/", payments.use_credit, name="use-credit"),
    path("espace/compte/payer/<slug:office>/", payments.pay, name="pay"),
    path("espace/compte/facture/<slug:number>/", invoices.invoice, name="invoice"),
    path("espace/compte/facture/<slug:number>/pdf/", invoices.invoice_pdf, name="invoice-pdf"),
    path("espace/compte/paiement/<slug:reference>/", payments.payment, name="payment"),
    path("espace/compte/paiement/<slug:reference>/retour/", payments.back, name="payment-return"),
    path("espace/compte/paiement/<slug:reference>/abandon/", payments.give_up, name="give-up"),
]
