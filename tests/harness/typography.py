"""French typography of what is read on screen: `python -m tests.harness.typography [--mend]`.

A sign never stands alone at the start of a line: U+00A0 before « : » and within guillemets, U+202F
before « ; », « ! », « ? », « % » and « € »; and an apostrophe is curly. Read are the templates
and the strings of `src`; docstrings, migrations, commands and the simulated bank's wires are not
screens.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "preau"
# Said in a terminal or on a wire.
NOT_SCREENS = re.compile(
    r"migrations/|management/|cli\.py$|config/|connectors/|demo/bank/(?:protocols|payfip)\.py$"
)
NOT_TEXT = re.compile(
    r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->"
    r"|<(?:script|style|pre|code)\b.*?</(?:script|style|pre|code)>",
    re.DOTALL,
)
IN_BRACES = re.compile(r"\{[^{}]*\}")
AFTER = r"(?=$|[\s\"'<.,){}*]|\\n|%[}(])"
RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\S) ([;!?])" + AFTER), "\u202f\\1"),
    (re.compile(r"(?<=[\d}]) ([%€])(?=$|[\s\"'<.,;:)])"), "\u202f\\1"),
    (re.compile(r"(?<=\S) ([:»])" + AFTER), "\u00a0\\1"),
    (re.compile(r"^ ([:»])" + AFTER), "\u00a0\\1"),
    (re.compile(r"^ ([;!?])(?= )"), "\u202f\\1"),
    (re.compile(r"«[ \u202f]?(?=[\w{%…])"), "«\u00a0"),
    (re.compile(r"(?<=[\w}).…?!])(?<!u00a0)\u202f?»"), "\u00a0»"),
    (
        re.compile(r"\b([ldcjmnst]|qu|jusqu|lorsqu|puisqu|aujourd)'(?=[a-zà-ÿœ])", re.IGNORECASE),
        "\\1’",
    ),
)


def _mended(text: str, spared: re.Pattern[str] | None) -> str:
    """The text with its spaces and apostrophes; what `spared` matches is left as it is."""
    for pattern, by in RULES:
        apart = [m.span() for m in spared.finditer(text)] if spared else []
        parts, done = [], 0
        for found in pattern.finditer(text):
            if not any(first <= found.start() < last for first, last in apart):
                parts += [text[done : found.start()], found.expand(by)]
                done = found.end()
        text = "".join(parts) + text[done:]
    return text


def template(text: str) -> str:
    """A template as it should be written."""
    return _mended(text, NOT_TEXT)


def python(text: str) -> str:
    """A module with its strings as they should be written, docstrings apart."""
    apart = {
        (node.value.lineno, node.value.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.STRING:
            continue
        line, column = token.start[0], len(token.line[: token.start[1]].encode())
        if (line, column) in apart:
            continue
        parts = re.fullmatch(r"""(\w*)('''|\"\"\"|'|")(.*)\2""", token.string, re.DOTALL)
        if parts is None:
            continue
        prefix, quote, body = parts.groups()
        spared = IN_BRACES if "f" in prefix.lower() else None
        new = f"{prefix}{quote}{_mended(body, spared)}{quote}"
        if new == token.string:
            continue
        for n, (was, now) in enumerate(
            zip(token.string.split("\n"), new.split("\n"), strict=True), line - 1
        ):
            start = token.start[1] if n == line - 1 else 0
            lines[n] = lines[n][:start] + now + lines[n][start + len(was) :]
    return "".join(lines)


def _files() -> Iterator[tuple[Path, Callable[[str], str]]]:
    for path in sorted(SOURCE.rglob("*")):
        if NOT_SCREENS.search(str(path.relative_to(SOURCE))):
            continue
        if path.suffix == ".py":
            yield path, python
        elif "templates" in path.parts and path.suffix in {".html", ".txt"}:
            yield path, template


def failures(mend: bool = False) -> list[str]:
    """What is not written as French is printed: file, line, words. Mended in place if asked."""
    found = []
    for path, rule in _files():
        text = path.read_text()
        new = rule(text)
        if new == text:
            continue
        pairs = zip(text.splitlines(), new.splitlines(), strict=True)
        for n, (was, now) in enumerate(pairs, 1):
            if was != now:
                at = next(i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b)
                words = was[max(at - 30, 0) : at + 12].strip()
                found.append(f"{path.relative_to(ROOT)}:{n}: «{words}»")
        if mend:
            path.write_text(new)
    return found


if __name__ == "__main__":
    found = failures(mend="--mend" in sys.argv)
    print("\n".join(found))
    sys.exit(bool(found) and "--mend" not in sys.argv)
