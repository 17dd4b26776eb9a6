from django.urls import path

from preau.townhall.billing import counter, invoices, offices, runs

urlpatterns = [
    path("factures/", invoices.invoices, name="billing"),
    path("factures/<slug:number>/", invoices.invoice, name="billing-invoice"),
    path("factures/<slug:number>/pdf/", invoices.pdf, name="billing-invoice-pdf"),
    path("factures/<slug:number>/avoir/", invoices.credit_note, name="billing-credit-note"),
    path("facturation/", runs.runs, name="billing-runs"),
    path("facturation/<int:run_id>/", runs.run, name="billing-run"),
    path("facturation/<int:run_id>/valider/", runs.approve, name="billing-run-approve"),
    path("facturation/<int:run_id>/recalculer/", runs.recompute, name="billing-run-recompute"),
    path("facturation/<int:run_id>/abandonner/", runs.cancel, name="billing-run-cancel"),
    path("regies/", offices.offices, name="cash-offices"),
    path("regies/nouvelle/", offices.office, name="cash-office-new"),
    path("regies/<slug:code>/", offices.office, name="cash-office"),
    path("regies/<slug:code>/banque/", offices.gateway, name="cash-office-gateway"),
    path("regies/<slug:code>/activites/", offices.activities, name="cash-office-activities"),
    path("paiements/", offices.payments, name="billing-payments"),
    path("paiements/<slug:reference>/demander/", offices.ask_bank, name="billing-payment-ask"),
    path("encaissements/", counter.payments, name="counter-payments"),
    path("encaissements/<slug:receipt>/recu/", counter.receipt, name="counter-receipt"),
    path("encaissements/<slug:receipt>/annuler/", counter.void, name="counter-void"),
    path("dossiers/<slug:code>/compte/", counter.family_account, name="family-account"),
    path("dossiers/<slug:code>/encaisser/", counter.choose_office, name="family-payment"),
    path("dossiers/<slug:code>/compte/encaisser/<slug:office>/", counter.take, name="counter-take"),
]
