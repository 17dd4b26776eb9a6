"""What agents take out as a table is journaled, and measured: so many rows a day for each.

Who holds «exporter sans limite» is journaled alone. The limit is the town's.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from preau.accounts.enums import Permission
from preau.audit.queries import rows_exported
from preau.audit.services import record
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.town.queries import get_town
from preau.ui.exports import TooManyRows, Watch, watching

ACTION = "export.table"


def watched(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """The view's answer; a table that it exports is counted, journaled, or refused in words."""

    def allowance() -> int | None:
        if Permission.EXPORT_ALL in request.permissions:
            return None
        taken = rows_exported(request.user.pk, ACTION, since=at_paris(paris_day(utc_now())))
        return max(0, get_town().export_rows_a_day - taken)

    def written(name: str, file_format: str, rows: int) -> None:
        record(
            actor=request.actor,
            now=utc_now(),
            action=ACTION,
            summary=f"Export « {name} », {rows} lignes ({file_format})",
            data={"table": name, "format": file_format, "rows": rows, "path": request.path},
        )

    try:
        with watching(Watch(allowance, written)):
            return view()
    except TooManyRows:
        context = {"limit": get_town().export_rows_a_day}
        return render(request, "townhall/too_many_rows.html", context, status=403)
