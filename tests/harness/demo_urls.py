"""The town's addresses with the demonstration's own, as `PREAU_MODE=demo` has them."""

from django.urls import include, path

from preau.config import urls
from preau.config.urls import handler400, handler403, handler404, handler500

urlpatterns = [path("demo/", include("preau.demo.urls")), *urls.urlpatterns]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
