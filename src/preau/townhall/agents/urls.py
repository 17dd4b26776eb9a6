"""Agents of the town."""

from django.urls import path

from preau.townhall.agents import views

urlpatterns = [
    path("agents/", views.agents, name="agents"),
    path("agents/nouveau/", views.agent_new, name="agent-new"),
    path("agents/<int:agent_id>/", views.agent, name="agent"),
    path("agents/<int:agent_id>/roles/", views.role_add, name="agent-role-add"),
    path("agents/<int:agent_id>/roles/<int:role_id>/fin/", views.role_end, name="agent-role-end"),
    path("agents/<int:agent_id>/etat/", views.agent_state, name="agent-state"),
    path(
        "agents/<int:agent_id>/second-facteur/",
        views.agent_factor_remove,
        name="agent-factor-remove",
    ),
    path("agents/<int:agent_id>/lien/", views.agent_link, name="agent-link"),
    path("agents/<int:agent_id>/mot-de-passe/", views.agent_password, name="agent-password"),
]
