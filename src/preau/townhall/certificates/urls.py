from django.urls import path

from preau.townhall.certificates import views

urlpatterns = [
    path("dossiers/<str:code>/attestations/", views.certificates, name="family-certificates"),
    path("documents/<str:number>.pdf", views.issued, name="issued"),
]
