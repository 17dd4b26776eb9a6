"""Jobs about accounts."""

from procrastinate.contrib.django import app

from preau.accounts import services
from preau.accounts.queries import find_agent_by_email
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now


@app.task(queue="mail", name="accounts.send_agent_reset_link")
def send_agent_reset_link(email: str, address: str) -> None:
    """Send the link of a forgotten password, if this address is an agent's."""
    user = find_agent_by_email(email)
    if user is not None and user.is_active:
        services.send_agent_link(
            user=user,
            purpose=services.RESET,
            address=address,
            now=utc_now(),
            actor=Actor.system(str(user)),
        )
