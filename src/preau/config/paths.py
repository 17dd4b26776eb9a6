"""Which view a path leads to, remembered: some forty patterns are tried for each page else."""

from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import ResolverMatch

MOST = 500


def remember_paths() -> None:
    """Each web process keeps the answers for paths that hold no value (no id, no code)."""
    resolver: Any = get_resolver()
    search, known = resolver.resolve, dict[str, ResolverMatch]()

    def resolve(path: Any) -> ResolverMatch:
        found = known.get(path)
        if found is None:
            found = search(path)
            if not found.args and not found.kwargs and len(known) < MOST:
                known[path] = found
        return found

    resolver.resolve = resolve
    resolver.reverse_dict  # every module of views is loaded now  # noqa: B018
