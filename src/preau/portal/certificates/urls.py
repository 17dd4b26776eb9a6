from django.urls import path

from preau.portal.certificates import views

urlpatterns = [
    path("espace/attestations/", views.certificates, name="certificates"),
    path("espace/documents/<str:number>.pdf", views.issued, name="issued"),
]
