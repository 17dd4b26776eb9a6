"""What an act on files tells the agent, before and after it is done."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Told:
    """The report of an act, a sentence each; `warns` deserve the agent's eye."""

    lines: list[str] = field(default_factory=list)
    warns: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.warns.append(text)

    def as_json(self) -> list[dict[str, str]]:
        return [{"level": "then", "text": t} for t in self.lines] + [
            {"level": "warn", "text": t} for t in self.warns
        ]


class RolledBack(Exception):
    """A preview is an act that was done, told and taken back."""
