from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "preau.documents"
    verbose_name = "documents"
