"""Addresses of this face."""

app_name = "public"
urlpatterns: list = []
