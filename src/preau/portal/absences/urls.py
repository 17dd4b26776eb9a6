from django.urls import path

from preau.portal.absences import views

BASE = "espace/absences/"
urlpatterns = [
    path(BASE, views.absences, name="absences"),
    path(f"{BASE}signaler/", views.report, name="absence-new"),
    path(f"{BASE}pieces/<uuid:file_id>/", views.document, name="absence-document"),
    path(f"{BASE}<str:reference>/", views.detail, name="absence-detail"),
]
