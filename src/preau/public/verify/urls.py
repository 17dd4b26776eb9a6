from django.urls import path

from preau.public.verify import views

urlpatterns = [path("verifier/", views.verify, name="verify")]
