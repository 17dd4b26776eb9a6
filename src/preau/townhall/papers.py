"""Long papers that the worker sets (`documents.prints`), as agents follow them: cards of a school,
letters of a message or of a renewal."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from preau.documents.prints import open_print, prints_of
from preau.journeys.letter_prints import ask_again
from preau.kernel.clock import utc_now


@dataclass(frozen=True, slots=True)
class Paper:
    """Which paper, and where its page stands. `route` and `args`: its own page, which takes the
    print's id last; «<route>-pdf» serves it. `again`: where it is asked again."""

    about: str
    back: str
    back_label: str
    again: str
    section: str
    file_name: str
    route: str
    args: tuple[int, ...]
    unit: str = "lettre"

    def page(self, print_id: int) -> str:
        return reverse(self.route, args=[*self.args, print_id])

    def pdf(self, print_id: int) -> str:
        return reverse(f"{self.route}-pdf", args=[*self.args, print_id])


def latest(paper: Paper) -> list[tuple[Any, str]]:
    """The last prints of this paper and their pages, for the page whence they were asked."""
    return [(row, paper.page(row.pk)) for row in prints_of(paper.about)[:5]]


def follow(request: HttpRequest, paper: Paper, print_id: int) -> HttpResponse:
    """How far a print is: the whole page, or the part of it that asks again by itself."""
    row = _row(paper, print_id)
    context = {
        "row": row,
        "paper": paper,
        "here": paper.page(row.pk),
        "pdf": paper.pdf(row.pk),
        "section": paper.section,
    }
    return render(request, f"townhall/papers/{'_state' if request.htmx else 'paper'}.html", context)


def serve(paper: Paper, print_id: int) -> HttpResponseBase:
    """The PDF, piece by piece."""
    pieces = open_print(_row(paper, print_id).pk)
    if pieces is None:
        raise Http404
    response = StreamingHttpResponse(pieces, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{paper.file_name}.pdf"'
    return response


def set_again(request: HttpRequest, paper: Paper) -> HttpResponse:
    """Ask for letters again; `print` in the form says which."""
    asked = request.POST.get("print", "")
    row = None
    if asked.isdecimal():
        row = ask_again(
            about=paper.about, print_id=int(asked[:9]), now=utc_now(), actor=request.actor
        )
    if row is None:
        messages.error(request, _("Ces lettres ne peuvent pas être refaites."))
        return redirect(paper.back)
    return redirect(paper.page(row.pk))


def _row(paper: Paper, print_id: int) -> Any:
    row = prints_of(paper.about).filter(pk=print_id).first()
    if row is None:
        raise Http404
    return row
