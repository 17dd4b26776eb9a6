"""The demo's own pages: mounted in demo mode alone."""

from django.urls import path

from preau.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.home, name="home"),
    path("courriels/", views.mailbox, name="mailbox"),
    path("courriels/<int:message_id>/", views.message, name="message"),
    path(
        "courriels/<int:message_id>/pieces/<int:attachment_id>/",
        views.attachment,
        name="attachment",
    ),
]
