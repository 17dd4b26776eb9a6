from django.urls import path

from preau.townhall.leaving import views

urlpatterns = [
    path("dossiers/<slug:code>/depart/", views.depart, name="family-depart"),
    path("dossiers/<slug:code>/depart/annuler/", views.undo, name="family-depart-undo"),
]
