"""A month of the planning as HTML, written in one pass: some seventy cells a page, drawn a
hundred times a second, leave no room for includes and filters in loops."""

from datetime import date, timedelta

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from preau.journeys.planning import Board, BoardCell, BoardDay, BoardKid, BoardWeek
from preau.kernel import french
from preau.ui.cells import Cell, render_cell
from preau.ui.escaping import esc
from preau.ui.icons import icon

NAME = "c"


def draw_weeks(board: Board) -> SafeString:
    """The weeks of a page: cards on a phone, rows of a month on a desk."""
    pen = _Pen(board)
    wide = any(
        not day.is_off for week in board.weeks for day in week.days if day.day.weekday() == 2
    )
    heads = "".join(f"<span>{french.WEEKDAYS[n]}</span>" for n in board.weekdays)
    css = f"weeks n{min(max(len(board.kids), 1), 4)}{' wednesday' if wide else ''}"
    if len(board.weekdays) != 5:
        css += f" d{len(board.weekdays)}"
    weeks = "".join(pen.week(week) for week in board.weeks)
    return mark_safe(  # noqa: S308 - every text is escaped where it is written
        f'<div class="{css}" id="semaines"><div class="dayhead" aria-hidden="true">{heads}</div>'
        f"{weeks}</div>"
    )


class _Pen:
    def __init__(self, board: Board) -> None:
        self.board = board
        self.can_change = board.tab is not None and board.tab.by_day
        self.discs = {kid.pk: _disc(kid) for kid in board.kids}
        self.names = {kid.pk: kid.first_name for kid in board.kids}
        self.heads = (
            '<div class="heads" aria-hidden="true"><span></span>'
            + "".join(
                f"<span>{self.discs[kid.pk]} {esc(kid.first_name)}</span>" for kid in board.kids
            )
            + "</div>"
        )

    def week(self, week: BoardWeek) -> str:
        monday = week.monday
        friday = monday + timedelta(days=4)
        changes = held = cents = 0
        open_week = False
        for cell in week.cells():
            changes += cell.chosen is not None
            open_week = open_week or cell.can_change
            counted = cell.wanted and cell.state not in ("waiting", "full", "absent", "away")
            held += counted
            cents += cell.cents if counted else 0
        css = " gone" if week.is_past else " cur" if week.is_current else ""
        title = f"s{monday:%m%d}"
        said = self._week_words(week, changes)
        menu = self._copy_menu(monday) if self.can_change and open_week else ""
        days = "".join(self.day(day) for day in week.days)
        return (
            f'<section class="week{css}" aria-labelledby="{title}"><header>'
            f'<h2 id="{title}">{french.span(monday, friday)}</h2>{said}{menu}</header>'
            f'{self.heads}<ol class="days">{days}</ol>{self._sum(held, cents)}</section>'
        )

    def _week_words(self, week: BoardWeek, changes: int) -> str:
        if changes:
            many = _("changement à envoyer"), _("changements à envoyer")
            return f"<p><b>{changes} {many[changes > 1]}</b></p>"
        if week.is_current:
            return f"<p>{_('Cette semaine')}</p>"
        return f"<p>{_('Semaine passée')}</p>" if week.is_past else ""

    def _sum(self, held: int, cents: int) -> str:
        if not held:
            return ""
        one, many = self.board.unit
        price = f", {french.euros(cents)}" if cents else ""
        return f'<p class="sum">{esc(french.count(held, one, many))}{price}</p>'

    def _copy_menu(self, monday: date) -> str:
        at = monday.isoformat()
        acts = [
            (f"copy:{at}:next", _("vers la semaine suivante")),
            (
                f"copy:{at}:page",
                _("vers toutes, jusqu’au %s")
                % french.day(self.board.last - timedelta(days=2), weekday=False),
            ),
        ]
        if self.board.year_ends_on and self.board.year_ends_on > self.board.last:
            acts.append(
                (
                    f"copy:{at}:year",
                    _("jusqu’à la fin de l’année, le %s")
                    % french.day(self.board.year_ends_on, weekday=False),
                )
            )
        kids = self.board.kids
        acts += [
            (
                f"kid:{at}:{one.pk}:{other.pk}",
                _("de %(one)s vers %(other)s") % {"one": one.first_name, "other": other.first_name},
            )
            for one in kids
            for other in kids
            if one is not other
        ]
        items = "".join(
            f'<li><button class="btn plain" name="do" value="{act}">{esc(label)}</button></li>'
            for act, label in acts
        )
        span = french.span(monday, monday + timedelta(days=4))
        return (
            f'<details class="copy menu-pop"><summary class="btn quiet">{icon("copy")} '
            f'{_("Copier")}<span class="sr"> {_("la semaine")} {span}</span></summary>'
            f"<ul>{items}</ul></details>"
        )

    def day(self, day: BoardDay) -> str:
        on = day.day
        number = "1<sup>er</sup>" if on.day == 1 else str(on.day)
        small = f"<small>{esc(day.label)}</small>" if day.label else ""
        today = f" <em>{_('aujourd’hui')}</em>" if day.is_today else ""
        head = f'<h3><span class="dn">{french.WEEKDAYS[on.weekday()]}</span> <b>{number}</b>'
        if day.is_off:
            return f'<li class="day off">{head}{today}{small}</h3></li>'
        css = "day now" if day.is_today else "day"
        words = f"{french.WEEKDAYS[on.weekday()]} {on.day}"
        rows = "".join(
            f'<div class="who">{self.discs[kid.pk]}{self.cells(day.cells.get(kid.pk, []), words)}'
            "</div>"
            for kid in self.board.kids
        )
        return f'<li class="{css}">{head}{today}{small}</h3>{rows}</li>'

    def cells(self, cells: list[BoardCell], words: str) -> str:
        drawn = "".join(self.cell(cell, words) for cell in cells)
        return f'<div class="several">{drawn}</div>' if len(cells) > 1 else drawn

    def cell(self, cell: BoardCell, words: str) -> str:
        name = self.names[cell.child_id]
        word, note = cell.word, cell.note
        if cell.product:
            if cell.state in ("free", "kept") and cell.can_change:
                word = cell.product
            else:
                note = f"{cell.product}, {note}" if note else cell.product
        return render_cell(
            Cell(
                cell.state,
                name=NAME if cell.can_change else "",
                value=cell.pair,
                chosen=cell.chosen,
                who=f"{name}, {words}",
                note=note,
                chosen_note=cell.chosen_note,
                word=word,
                cents=cell.cents if cell.can_change else 0,
                child=name if cell.can_change else "",
            )
        )


def _disc(kid: BoardKid) -> str:
    return (
        f'<span class="disc k{kid.colour}" aria-hidden="true">'
        f"{esc(french.initials(kid.first_name))}</span>"
    )


def shown_pairs(board: Board) -> tuple[str, str]:
    """What the page shows as held, and as added: sent back with the form, to compare with."""
    held = " ".join(c.pair for c in board.cells() if c.can_change and c.held)
    added = " ".join(c.pair for c in board.cells() if c.can_change and c.chosen)
    return held, added
