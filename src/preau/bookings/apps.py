from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "preau.bookings"
    verbose_name = "réservations"
