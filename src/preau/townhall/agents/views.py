"""Agents of the town: who may do what, where, from when to when."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from preau.accounts import queries, second_factor, services
from preau.accounts.enums import Permission, Role
from preau.accounts.errors import AccountRefusal
from preau.audit.queries import list_object_entries
from preau.catalogue.queries import establishments
from preau.kernel.clock import paris_day, utc_now
from preau.town.queries import get_town
from preau.townhall.access import agent_required
from preau.townhall.agents.forms import (
    AgentForm,
    EndRoleForm,
    FilterForm,
    NewAgentForm,
    RemoveFactorForm,
    RoleForm,
)
from preau.ui.exports import FORMATS, Column, export_table
from preau.ui.routes import token_address

PAGE = 50
SORTS = {
    "name": ("last_name", "first_name"),
    "-name": ("-last_name", "-first_name"),
    "email": ("email",),
    "-email": ("-email",),
    "seen": ("last_login", "pk"),
    "-seen": ("-last_login", "pk"),
}


@dataclass(frozen=True)
class HeldRole:
    """A role as a line of a page."""

    pk: int
    label: str
    site: str
    starts_on: object
    ends_on: object
    state: str  # now, coming, over


def _held(agent, day, sites):
    rows = []
    for role in agent.roles.all():
        state = "now"
        if role.starts_on > day:
            state = "coming"
        elif role.ends_on and role.ends_on < day:
            state = "over"
        rows.append(
            HeldRole(
                role.pk,
                Role(role.role).label,
                sites.get(role.establishment_id, _("un établissement fermé"))
                if role.establishment_id
                else "",
                role.starts_on,
                role.ends_on,
                state,
            )
        )
    return rows


def _sites():
    return {site.pk: site.name for site in establishments(active_only=False)}


def _get_agent(agent_id):
    agent = queries.get_agent(agent_id)
    if agent is None:
        raise Http404
    return agent


@agent_required(Permission.MANAGE_AGENTS)
@require_GET
def agents(request: HttpRequest) -> HttpResponseBase:
    """The list, filtered, sorted, exported."""
    day, sites = paris_day(utc_now()), _sites()
    form = FilterForm(request.GET)
    found = queries.list_agents()
    if form.is_valid():
        state = form.cleaned_data["state"]
        if state != "all":
            found = found.filter(is_active=state != "closed")
        for word in form.cleaned_data["q"].split():
            found = found.filter(
                Q(last_name__icontains=word)
                | Q(first_name__icontains=word)
                | Q(email__icontains=word)
            )
        if role := form.cleaned_data["role"]:
            found = (
                found.filter(roles__role=role, roles__starts_on__lte=day)
                .filter(Q(roles__ends_on__isnull=True) | Q(roles__ends_on__gte=day))
                .distinct()
            )
    sort = request.GET.get("sort", "name")
    found = found.order_by(*SORTS.get(sort, SORTS["name"]), "pk")

    def roles_in_words(agent):
        return ", ".join(
            f"{role.label} ({role.site})" if role.site else role.label
            for role in _held(agent, day, sites)
            if role.state == "now"
        )

    if request.GET.get("export"):
        columns = [
            Column("Nom", "last_name"),
            Column("Prénom", "first_name"),
            Column("E-mail", "email"),
            Column("Rôles", roles_in_words),
            Column("Actif", "is_active"),
            Column("Dernière connexion", "last_login"),
        ]
        return export_table(request.GET["export"], "agents", columns, found)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    with_factor = second_factor.users_with_second_factor([agent.pk for agent in page])
    rows = [
        (
            agent,
            [role for role in _held(agent, day, sites) if role.state == "now"],
            agent.pk in with_factor,
        )
        for agent in page
    ]
    return render(
        request,
        "townhall/agents/list.html",
        {"form": form, "page": page, "rows": rows, "formats": FORMATS},
    )


@agent_required(Permission.MANAGE_AGENTS)
def agent_new(request: HttpRequest) -> HttpResponse:
    now = utc_now()
    form = NewAgentForm(request.POST or None, initial={"starts_on": paris_day(now)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            agent = services.create_agent(
                email=data["email"],
                first_name=data["first_name"],
                last_name=data["last_name"],
                now=now,
                actor=request.actor,
            )
        except AccountRefusal as refusal:
            form.add_error("email", str(refusal))
        else:
            services.assign_role(
                user=agent,
                role=data["role"],
                establishment_id=data["establishment"],
                starts_on=data["starts_on"],
                now=now,
                actor=request.actor,
            )
            services.send_agent_link(
                user=agent,
                purpose=services.INVITATION,
                address=token_address("townhall:choose-password"),
                now=now,
                actor=request.actor,
            )
            messages.success(
                request,
                _("Compte ouvert. Un lien pour choisir un mot de passe part à %(email)s.")
                % {"email": agent.email},
            )
            return redirect("townhall:agent", agent_id=agent.pk)
    return render(
        request, "townhall/agents/new.html", {"form": form}, status=422 if form.is_bound else 200
    )


@agent_required(Permission.MANAGE_AGENTS)
def agent(request: HttpRequest, agent_id: int) -> HttpResponse:
    """One agent: name, roles, account, what was done to it."""
    found = _get_agent(agent_id)
    now = utc_now()
    form = AgentForm(
        request.POST or None,
        initial={
            "first_name": found.first_name,
            "last_name": found.last_name,
            "email": found.email,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_agent(
                user=found,
                email=form.cleaned_data["email"],
                first_name=form.cleaned_data["first_name"],
                last_name=form.cleaned_data["last_name"],
                now=now,
                actor=request.actor,
            )
        except AccountRefusal as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect("townhall:agent", agent_id=found.pk)
    return _agent_page(request, found, form=form, status=422 if form.is_bound else 200)


def _agent_page(request, found, *, form=None, role_form=None, status=200):
    day = paris_day(utc_now())
    if form is None:
        form = AgentForm(
            initial={
                "first_name": found.first_name,
                "last_name": found.last_name,
                "email": found.email,
            }
        )
    return render(
        request,
        "townhall/agents/detail.html",
        {
            "agent": _get_agent(found.pk),
            "roles": _held(found, day, _sites()),
            "form": form,
            "role_form": role_form or RoleForm(initial={"starts_on": day}, prefix="role"),
            "entries": list_object_entries("user", found.pk)[:20],
            "today": day,
            "is_me": found.pk == request.user.pk,
            "has_factor": second_factor.has_second_factor(found),
            "must_have_factor": second_factor.must_have_second_factor(
                get_town().second_factor, queries.permissions_of(found, day)
            ),
            "factor_form": RemoveFactorForm(),
        },
        status=status,
    )


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
def role_add(request: HttpRequest, agent_id: int) -> HttpResponse:
    found = _get_agent(agent_id)
    form = RoleForm(request.POST, prefix="role")
    if not form.is_valid():
        return _agent_page(request, found, role_form=form, status=422)
    data = form.cleaned_data
    services.assign_role(
        user=found,
        role=data["role"],
        establishment_id=data["establishment"],
        starts_on=data["starts_on"],
        ends_on=data["ends_on"],
        now=utc_now(),
        actor=request.actor,
    )
    messages.success(request, _("Rôle donné."))
    return redirect("townhall:agent", agent_id=found.pk)


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
def role_end(request: HttpRequest, agent_id: int, role_id: int) -> HttpResponse:
    """The role ends today, or the day that is given."""
    found = _get_agent(agent_id)
    role = found.roles.filter(pk=role_id).first()
    if role is None:
        raise Http404
    form = EndRoleForm(request.POST)
    now = utc_now()
    ends_on = form.cleaned_data["ends_on"] if form.is_valid() else paris_day(now)
    try:
        services.end_role(role=role, ends_on=ends_on, now=now, actor=request.actor)
    except AccountRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Rôle terminé."))
    return redirect("townhall:agent", agent_id=found.pk)


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
def agent_state(request: HttpRequest, agent_id: int) -> HttpResponse:
    found = _get_agent(agent_id)
    wanted = request.POST.get("active") == "1"
    try:
        services.set_active(user=found, is_active=wanted, now=utc_now(), actor=request.actor)
    except AccountRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Compte réactivé.") if wanted else _("Compte désactivé."))
    return redirect("townhall:agent", agent_id=found.pk)


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
def agent_factor_remove(request: HttpRequest, agent_id: int) -> HttpResponse:
    """A lost telephone: back to the password alone, with a reason that the journal keeps."""
    found = _get_agent(agent_id)
    form = RemoveFactorForm(request.POST)
    if found.pk == request.user.pk:
        return redirect("townhall:factor")
    if not form.is_valid():
        messages.error(request, _("Écrivez le motif : il est gardé au journal."))
    else:
        second_factor.remove_second_factor(
            user=found,
            is_required=False,
            now=utc_now(),
            actor=request.actor,
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("Le second facteur est retiré."))
    return redirect("townhall:agent", agent_id=found.pk)


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
def agent_link(request: HttpRequest, agent_id: int) -> HttpResponse:
    """Send a link to choose a password."""
    found = _get_agent(agent_id)
    sent = services.send_agent_link(
        user=found,
        purpose=services.INVITATION,
        address=token_address("townhall:choose-password"),
        now=utc_now(),
        actor=request.actor,
    )
    if sent:
        messages.success(request, _("Un lien part à %(email)s.") % {"email": found.email})
    else:
        messages.error(request, _("Aucun lien n’est parti : ce compte est désactivé."))
    return redirect("townhall:agent", agent_id=found.pk)


@agent_required(Permission.MANAGE_AGENTS)
@require_POST
@never_cache
def agent_password(request: HttpRequest, agent_id: int) -> HttpResponse:
    """A one-time password, shown on this page and nowhere else."""
    found = _get_agent(agent_id)
    if found.pk == request.user.pk:
        return redirect("townhall:password")
    try:
        password = services.set_initial_password(user=found, now=utc_now(), actor=request.actor)
    except AccountRefusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:agent", agent_id=found.pk)
    return render(request, "townhall/agents/password.html", {"agent": found, "password": password})
