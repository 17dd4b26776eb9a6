"""Messages to many families."""

from django.urls import path

from preau.townhall.messages import views

urlpatterns = [
    path("messages/", views.campaigns, name="messages"),
    path("messages/nouveau/", views.new, name="message-new"),
    path("messages/<int:campaign_id>/", views.show, name="message"),
    path("messages/<int:campaign_id>/annuler/", views.cancel, name="message-cancel"),
    path(
        "messages/<int:campaign_id>/lettres/<int:print_id>/", views.letters, name="message-letters"
    ),
    path(
        "messages/<int:campaign_id>/lettres/<int:print_id>.pdf",
        views.letters_pdf,
        name="message-letters-pdf",
    ),
    path(
        "messages/<int:campaign_id>/lettres/refaire/",
        views.letters_again,
        name="message-letters-again",
    ),
]
