from django.urls import path

from preau.townhall.billing import account, invoices, offices, runs

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
    path("dossiers/<slug:code>/compte/", account.family_account, name="family-account"),
]
