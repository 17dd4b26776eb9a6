"""Addresses of this face."""

app_name = "ui"
urlpatterns: list = []
