"""Addresses of this face."""

app_name = "api"
urlpatterns: list = []
