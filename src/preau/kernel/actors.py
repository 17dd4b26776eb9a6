"""Who acts, and by which channel: passed to every service, kept in the journal."""

from dataclasses import dataclass

from preau.kernel.enums import Channel


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of an act. `user_id` is None for the system itself (jobs, the bank)."""

    user_id: int | None
    label: str
    channel: Channel
    is_agent: bool = False

    @classmethod
    def system(cls, label: str = "Préau") -> "Actor":
        return cls(user_id=None, label=label, channel=Channel.SYSTEM)
