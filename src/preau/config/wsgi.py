"""The WSGI door, served by granian: each web process loads it once."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "preau.config.settings")
application = get_wsgi_application()

from preau.config.paths import remember_paths  # noqa: E402  (once Django is ready)

# Every view is loaded before the first visitor comes. What is there now stays: the collector need
# not walk through it again with each few thousand objects that pages make and drop.
remember_paths()
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
