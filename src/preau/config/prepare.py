"""What has to be true before serving: schema, static files, the demo town. Called by `preau run`.

Each step is harmless when done already, and quick: the second start of the day takes seconds.
"""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands


def prepare() -> None:
    """Migrate, collect the static files if they changed, load the demo in demo mode."""
    call_command("migrate", verbosity=1, interactive=False)
    collect_static()
    if settings.DEMO and "demo_load" in get_commands():
        call_command("demo_load")


def collect_static() -> bool:
    """Collect the static files when a source changed since the last time; say whether it did."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    state = _static_state()
    if stamp.exists() and stamp.read_text() == state:
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(state)
    return True


def _static_state() -> str:
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
