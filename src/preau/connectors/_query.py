"""Reading what a bank sent: one value per name, in the order received, or nothing at all."""

from urllib.parse import parse_qsl

MAX_BYTES = 16_384
MAX_FIELDS = 200


class Unreadable(ValueError):
    """The message is not a clean urlencoded list of distinct names."""


def as_text(message: str | bytes) -> str:
    """The message as text without its leading `?`. Raises Unreadable."""
    if len(message) > MAX_BYTES:
        raise Unreadable("too long")
    if isinstance(message, bytes):
        try:
            message = message.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable("not UTF-8") from error
    if "\x00" in message or "%00" in message:
        raise Unreadable("NUL")
    return message.removeprefix("?").strip()


def parse(text: str) -> dict[str, str]:
    """Decoded fields, in order. A name given twice is refused: two readers could differ on it."""
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Unreadable(str(error)) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Unreadable("a name is given twice")
    return fields
