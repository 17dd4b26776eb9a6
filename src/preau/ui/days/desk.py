"""Who acts for which family, and on which face."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.ui.routes import route

AGENT_CHANNELS = (Channel.COUNTER, Channel.PHONE, Channel.POST, Channel.EMAIL)


@dataclass(frozen=True, slots=True)
class Desk:
    """A family at its own space, or an agent at the counter for it.

    `names` prefixes the names of addresses («portal:», «townhall:family-»), `templates` the names
    of templates; `kwargs` go into each address.
    """

    request: HttpRequest
    family: Any
    actor: Actor
    names: str
    templates: str
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def user_id(self) -> int:
        assert self.actor.user_id is not None
        return self.actor.user_id

    @property
    def is_agent(self) -> bool:
        return self.actor.is_agent

    def url(self, name: str, **more: Any) -> str:
        kwargs = {**self.kwargs, **more}
        # A family's addresses have no value: remembered once for all.
        return reverse(f"{self.names}{name}", kwargs=kwargs) if kwargs else route(self.names + name)

    def template(self, name: str) -> str:
        return f"{self.templates}{name}.html"

    def channel(self, text: str = "") -> str:
        """The channel kept on the act: the agent says which, a family is on its portal."""
        if not self.is_agent:
            return Channel.PORTAL
        return text if text in AGENT_CHANNELS else self.actor.channel

    def context(self, **more: Any) -> dict[str, Any]:
        return {
            "family": self.family,
            "desk": self,
            "is_agent": self.is_agent,
            "channels": [(c.value, c.label) for c in AGENT_CHANNELS] if self.is_agent else [],
            **more,
        }
