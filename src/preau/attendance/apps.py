from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    name = "preau.attendance"
    verbose_name = "pointage"
