from django.urls import path

from preau.townhall.schools import views

urlpatterns = [
    path("ecoles/", views.schools, name="schools"),
    path("ecoles/eleves/", views.pupils, name="pupils"),
    path("ecoles/eleves/<int:child_id>/", views.pupil, name="pupil"),
    path("ecoles/eleves/<int:child_id>/depart/", views.pupil_leaves, name="pupil-leaves"),
]
