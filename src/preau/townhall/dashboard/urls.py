from django.urls import path

from preau.townhall.dashboard import views

urlpatterns = [
    path("tableau/", views.dashboard, name="dashboard"),
    path("tableau/paiements.<str:form>", views.payments_export, name="dashboard-payments"),
    path("tableau/demandes.<str:form>", views.requests_export, name="dashboard-requests"),
]
