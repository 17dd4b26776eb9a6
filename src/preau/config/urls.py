"""Which face answers which address."""

from django.conf import settings
from django.urls import include, path

from preau.config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("preau.ui.urls")),
    path("", include("preau.portal.urls")),
    path("mairie/", include("preau.townhall.urls")),
    path("api/", include("preau.api.urls")),
    path("", include("preau.public.urls")),
]
if settings.DEMO:
    urlpatterns.insert(0, path("demo/", include("preau.demo.urls")))

handler400 = "preau.ui.errors.bad_request"
handler403 = "preau.ui.errors.forbidden"
handler404 = "preau.ui.errors.not_found"
handler500 = "preau.ui.errors.server_error"
