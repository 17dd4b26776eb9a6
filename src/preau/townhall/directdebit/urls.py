from django.urls import path

from preau.townhall.directdebit import bank, batches, mandates, settings

urlpatterns = [
    path("prelevements/", batches.batches, name="debits"),
    path("prelevements/preparer/", batches.prepare, name="debit-prepare"),
    path("prelevements/lots/<int:batch_id>/", batches.batch, name="debit-batch"),
    path("prelevements/lots/<int:batch_id>/valider/", batches.approve, name="debit-approve"),
    path("prelevements/lots/<int:batch_id>/fichier/", batches.file, name="debit-file"),
    path("prelevements/lots/<int:batch_id>/lettres/", batches.letters, name="debit-letters"),
    path("prelevements/lots/<int:batch_id>/abandonner/", batches.cancel, name="debit-cancel"),
    path("prelevements/<int:debit_id>/ecarter/", batches.set_aside, name="debit-set-aside"),
    path("prelevements/<int:debit_id>/remettre/", batches.put_back, name="debit-put-back"),
    path("prelevements/<int:debit_id>/rejeter/", batches.reject, name="debit-reject"),
    path("prelevements/rejets/", batches.rejects, name="debit-rejects"),
    path("prelevements/mandats/", mandates.mandates, name="mandates"),
    path("prelevements/mandats/<int:mandate_id>/", mandates.mandate, name="mandate"),
    path("prelevements/mandats/<int:mandate_id>/papier/", mandates.paper, name="mandate-paper"),
    path("prelevements/mandats/<int:mandate_id>/compte/", mandates.amend, name="mandate-amend"),
    path("prelevements/mandats/<int:mandate_id>/revoquer/", mandates.revoke, name="mandate-revoke"),
    path("prelevements/mandats/<int:mandate_id>/copie/", mandates.copy, name="mandate-copy"),
    path("dossiers/<slug:code>/mandat/<slug:office>/", mandates.sign, name="mandate-sign"),
    path(
        "dossiers/<slug:code>/mandat/<slug:office>/imprimer/",
        mandates.blank,
        name="mandate-blank",
    ),
    path("prelevements/banque/", bank.files, name="bank-files"),
    path("prelevements/banque/ecritures/", bank.entries, name="bank-entries"),
    path("prelevements/banque/<int:entry_id>/famille/", bank.give, name="bank-entry-give"),
    path("prelevements/banque/<int:entry_id>/ecarter/", bank.set_aside, name="bank-entry-aside"),
    path("prelevements/reglages/", settings.creditors, name="creditors"),
    path("prelevements/reglages/<slug:code>/", settings.creditor, name="creditor"),
]
