"""Parts of a screen: icons, tags, buttons, notes, panels. Those drawn many times join strings."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from preau.kernel import french
from preau.ui.cells import as_cell, render_cell
from preau.ui.escaping import esc
from preau.ui.icons import icon as draw_icon
from preau.ui.invoice_days import draw_line

register = template.Library()


KIND_ICONS = {
    "ok": "check",
    "wait": "hourglass",
    "full": "list-ordered",
    "away": "calendar-x-2",
    "past": "lock",
    "bad": "circle-alert",
    "town": "info",
    "here": "check-check",
}

NOTE_ICONS = {**KIND_ICONS, "ok": "circle-check", "bad": "triangle-alert", "info": "info"}

MESSAGE_KINDS = {"success": "ok", "info": "town", "warning": "wait", "error": "bad"}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """`{% icon "check" %}`: a Lucide icon, decorative."""
    return draw_icon(name, css)


@register.simple_tag
def tag(kind: str, label: str, icon: str = "") -> SafeString:
    """`{% tag "ok" "Réservé" %}`: a state as icon + word + colour."""
    drawing = draw_icon(icon or KIND_ICONS[kind])
    return SafeString(f'<span class="tag is-{kind}">{drawing}<span>{esc(label)}</span></span>')


@register.simple_tag
def child_disc(child: object, n: int | None = None, size: str = "") -> SafeString:
    """`{% child_disc child %}`: initials in the child's colour; its name must stand beside.

    `child` is a first name or has `first_name`; the colour is `n` (rank in the family), else the
    child's `colour`, else follows its id, always the same.
    """
    name = child if isinstance(child, str) else getattr(child, "first_name", "") or str(child)
    rank = n or getattr(child, "colour", None) or getattr(child, "pk", None)
    if not isinstance(rank, int):
        rank = sum(map(ord, name))
    letters = esc(french.initials(name))
    return SafeString(
        f'<span class="disc k{(rank - 1) % 4 + 1} {size}" aria-hidden="true">{letters}</span>'
    )


@register.simple_tag
def child_class(child: object, n: int | None = None) -> str:
    """`k1` … `k4`: the class that gives its colour to what belongs to a child."""
    rank = n or getattr(child, "colour", None) or getattr(child, "pk", None)
    if not isinstance(rank, int):
        rank = sum(map(ord, child if isinstance(child, str) else str(child)))
    return f"k{(rank - 1) % 4 + 1}"


@register.simple_tag
def cell(value: Any = None, **fields: Any) -> SafeString:
    """`{% cell c %}` or `{% cell state="booked" name="d" value="12" who="Lina, jeudi 26" %}`."""
    return render_cell(as_cell(fields if value is None else value))


@register.simple_tag
def quand(value: date | datetime, style: str = "jour") -> SafeString:
    """`{% quand day %}`: `<time>` with the day in words; styles jour, an, court, instant, heure."""
    words = {
        "jour": lambda: french.day(value),
        "an": lambda: french.day(value, year=True),
        "court": lambda: french.day_short(value),
        "instant": lambda: french.instant(value),  # type: ignore[arg-type]
        "heure": lambda: french.clock_time(value),  # type: ignore[arg-type]
    }[style]()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)


@register.simple_tag
def button(
    label: str,
    kind: str = "",
    icon: str = "",
    href: str = "",
    key: str = "",
    name: str = "",
    value: str = "",
    confirm: str = "",
    sr: str = "",
    formaction: str = "",
    type: str = "submit",
    form: str = "",
) -> SafeString:
    """`{% button "Refuser" kind="stop" icon="x" key="r" %}`; a link when `href` is given.

    `kind`: "" (full), quiet, plain, stop, and wide. `key` is a keyboard shortcut of agents; `sr`
    is read after the label («de Lina»); `confirm` is asked before acting.
    """
    attrs = (
        ("href", href),
        ("type", "" if href else type),
        ("name", name),
        ("value", value),
        ("form", form),
        ("formaction", formaction),
        ("data-key", key),
        ("data-confirm", confirm),
        ("aria-keyshortcuts", key),
    )
    # A page draws a dozen: joined by hand, `format_html` costs four times more.
    written = "".join(f' {k}="{esc(v)}"' for k, v in attrs if v)
    element = "a" if href else "button"
    read = f'<span class="sr"> {esc(sr)}</span>' if sr else ""
    shortcut = f"<kbd>{esc(key)}</kbd>" if key else ""
    return SafeString(
        f'<{element} class="btn {esc(kind)}"{written}>'
        f"{draw_icon(icon) if icon else ''}{esc(label)}{read}{shortcut}</{element}>"
    )


@register.simple_tag
def copy_button(text: str, label: str = "Copier") -> SafeString:
    """`{% copy_button "4027316 K" %}`: shown by script only, where the clipboard answers."""
    return format_html(
        '<button type="button" class="btn plain" data-copy="{}" hidden>{}{}</button>',
        text,
        draw_icon("copy"),
        label,
    )


@register.simple_tag
def progress(value: int, maximum: int, label: str) -> SafeString:
    """`{% progress 3 4 "Dossier de Noé : 3 pièces sur 4" %}`."""
    return format_html(
        '<label class="stack-s"><span>{0}</span><progress class="bar" max="{1}" value="{2}">'
        "{2} sur {1}</progress></label>",
        label,
        maximum,
        value,
    )


@register.simple_tag
def steps(labels: Iterable[str] | str, current: int) -> SafeString:
    """`{% steps "Envoyée,Lue,Décision" 2 %}`: a hopscotch; steps before `current` are done."""
    names = labels.split(",") if isinstance(labels, str) else list(labels)

    def attributes(rank: int) -> SafeString:
        if rank < current:
            return SafeString(' class="done"')
        return SafeString(' aria-current="step"' if rank == current else "")

    return format_html(
        '<ol class="steps">{}</ol>',
        format_html_join(
            "",
            "<li{}>{}{}</li>",
            (
                (
                    attributes(rank),
                    name.strip(),
                    SafeString('<span class="sr"> : fait</span>') if rank < current else "",
                )
                for rank, name in enumerate(names, 1)
            ),
        ),
    )


@register.simple_block_tag
def note(content: str, kind: str = "town", title: str = "", icon: str = "", css: str = "") -> str:
    """`{% note "wait" "Paiement en cours." %}La banque…{% endnote %}`; kinds of `tag`."""
    kind = "town" if kind == "info" else kind
    return format_html(
        '<div class="note is-{} {}">{}<div><p>{}{}</p></div></div>'
        if "<p" not in content
        else '<div class="note is-{} {}">{}<div>{}{}</div></div>',
        kind,
        css,
        draw_icon(icon or NOTE_ICONS[kind]),
        format_html("<b>{}</b> ", title) if title else "",
        content,
    )


@register.simple_block_tag
def leaf(content: str, title: str, sub: str = "", id: str = "", css: str = "") -> SafeString:
    """`{% leaf "Factures" "Chaque ligne s’ouvre" %}…{% endleaf %}`: a section and its margin."""
    anchor = id or slugify(title)
    return format_html(
        '<section class="leaf {0}" aria-labelledby="{1}"><header><h2 id="{1}">{2}</h2>{3}</header>'
        '<div class="stack">{4}</div></section>',
        css,
        anchor,
        title,
        format_html("<p>{}</p>", sub) if sub else "",
        content,
    )


@register.simple_block_tag
def panel(content: str, title: str, id: str = "", css: str = "") -> SafeString:
    """`{% panel "Pièces" %}…{% endpanel %}`: a section of an agent's page."""
    anchor = id or slugify(title)
    return format_html(
        '<section class="panel {0}" id="{1}" aria-labelledby="{1}-h"><h2 id="{1}-h">{2}</h2>'
        "{3}</section>",
        css,
        anchor,
        title,
        content,
    )


@register.simple_block_tag
def unfold(content: str, title: str, open: bool = False, css: str = "help") -> SafeString:
    """`{% unfold "Que veulent dire les signes ?" %}…{% endunfold %}`."""
    return format_html(
        '<details class="{}"{}><summary>{} {}</summary>{}</details>',
        css,
        SafeString(" open" if open else ""),
        draw_icon("chevron-right", "turn"),
        title,
        content,
    )


@register.simple_block_tag
def scroll(content: str, label: str) -> SafeString:
    """`{% scroll "Relevé du compte" %}<table>…{% endscroll %}`: wide content, by keyboard too."""
    return format_html(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div>', label, content
    )


@register.simple_block_tag
def receipt(content: str, title: str, ref: str = "", sent: str = "") -> SafeString:
    """`{% receipt "Trois jours réservés" ref="R-2026-117 302" sent="Envoyé lundi…" %}`."""
    return format_html(
        '<div class="receipt">{}<h2 class="t-receipt">{}</h2>{}{}</div>',
        format_html('<p class="small soft">{}</p>', sent) if sent else "",
        title,
        format_html('<p class="ref">{}</p>', ref) if ref else "",
        content,
    )


MARELLE = SafeString(
    '<svg width="72" height="120" viewBox="0 0 72 120" aria-hidden="true" class="marelle"><path '
    'd="M24 118V94h24v24zM24 94V70h24v24zM0 70V46h36v24zM36 70V46h36v24zM24 46V24h24v22z'
    'M12 24a24 22 0 0 1 48 0z"/></svg>'
)


@register.simple_block_tag
def empty_state(content: str, title: str, text: str = "", level: int = 3) -> SafeString:
    """`{% empty_state "Aucune demande" "…" %}{% button … %}{% endempty_state %}`."""
    return format_html(
        '<div class="empty">{0}<h{1}>{2}</h{1}>{3}{4}</div>',
        MARELLE,
        int(level),
        title,
        format_html('<p class="soft">{}</p>', text) if text else "",
        content,
    )


@register.simple_tag
def invoice_line(line: Any) -> SafeString:
    """`{% invoice_line line %}`: unfolds on its dates and the sentence of its rule.

    An object or a mapping with label, detail, amount_cents, children, days ({on, state, note}), why
    (sentences), open. Day states: taken, away (charged absence), free (not charged).
    """
    children = line.get("children") if isinstance(line, Mapping) else line.children
    return draw_line(line, "".join(child_disc(child) for child in children or ()))


@register.inclusion_tag("ui/parts/recap.html")
def recap(**fields: Any) -> dict[str, Any]:
    """`{% recap count=4 cents=636 text="…" kept="23 h 05" form="planning" %}`: what will be sent.

    Script keeps count and price up to date from `data-was` and `data-cents` of the cells.
    """
    return fields


@register.inclusion_tag("ui/parts/decision_bar.html")
def decision_bar(actions: Iterable[Any], help: str = "") -> dict[str, Any]:
    """`{% decision_bar actions %}`: each has label, value; maybe kind, icon, key, confirm."""
    return {"actions": actions, "help": help}


@register.inclusion_tag("ui/parts/messages.html")
def show_messages(messages: Iterable[Any] | None) -> dict[str, Any]:
    """The messages kept from one page to the next, as notes."""
    return {"notes": [(MESSAGE_KINDS.get(m.level_tag, "town"), m.message) for m in messages or ()]}
