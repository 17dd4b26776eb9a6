"""Refusals about files."""

from preau.kernel.errors import Refusal


class DocumentRefusal(Refusal):
    """Any refusal about a file."""


class UploadRefused(DocumentRefusal):
    message = "Ce fichier ne peut pas être reçu."
    code = "upload_refused"


class RenderingFailed(Exception):
    """The template and its data do not make a document: a bug, never a person's mistake."""
