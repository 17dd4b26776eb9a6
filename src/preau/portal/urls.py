"""Addresses of this face."""

app_name = "portal"
urlpatterns: list = []
