"""What leaves a family's file: its printed sheet, and messages written to its adults."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.families import queries, services
from preau.journeys.family_file import family_file
from preau.kernel.clock import utc_now
from preau.kernel.french import quotient as quotient_words
from preau.townhall.access import agent_required
from preau.townhall.families.forms import WriteForm
from preau.townhall.families.pages import form_page
from preau.townhall.families.scope import get_family_or_404
from preau.townhall.families.views import WRITERS


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The file on one sheet of paper: what the agent sees of it, nothing to touch."""
    family = get_family_or_404(request, code)
    now = utc_now()
    page = family_file(family, permissions=request.permissions, now=now)
    return render(
        request,
        "townhall/families/sheet.html",
        {
            "family": family,
            "file": page,
            "quotient_words": quotient_words(page.quotient.value_cents) if page.quotient else "",
            "now": now,
            "section": "townhall:families",
        },
    )


@agent_required(*WRITERS)
def write(request: HttpRequest, code: str) -> HttpResponse:
    """Write to the adults of a file by e-mail; the message stays in the file."""
    family = get_family_or_404(request, code)
    adults = [adult for adult in queries.guardians_of(family) if adult.email]
    if not adults:
        messages.warning(
            request, _("Aucun adulte de ce dossier n’a d’adresse e-mail : téléphonez ou écrivez.")
        )
        return redirect("townhall:family", code=family.code)
    form = WriteForm(request.POST or None, adults=adults)

    def act(who):
        return services.write_to_family(
            guardian_ids=[int(pk) for pk in form.cleaned_data["to"]],
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Écrire à la famille"),
        done=_(
            "Message envoyé. Il reste dans le dossier, sous «\u00a0Demandes et courriers\u00a0»."
        ),
        button=_("Envoyer"),
    )
