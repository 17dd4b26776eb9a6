"""Addresses of this face."""

app_name = "townhall"
urlpatterns: list = []
