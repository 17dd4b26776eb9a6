from django.urls import path

from preau.portal.mandates import views

urlpatterns = [
    path("espace/compte/prelevement/", views.mandates, name="mandates"),
    path("espace/compte/prelevement/regie/<slug:office>/", views.sign, name="mandate-sign"),
    path("espace/compte/prelevement/<int:mandate_id>/copie/", views.copy, name="mandate-copy"),
    path("espace/compte/prelevement/<int:mandate_id>/compte/", views.amend, name="mandate-amend"),
    path("espace/compte/prelevement/<int:mandate_id>/fin/", views.revoke, name="mandate-revoke"),
]
