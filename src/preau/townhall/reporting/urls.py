from django.urls import path

from preau.townhall.reporting import money, year_end

urlpatterns = [
    path("finances/", money.money, name="money"),
    path("finances/<slug:table>.<str:form>", money.export, name="money-export"),
    path("clotures/", year_end.years, name="year-ends"),
    path("clotures/<slug:office>/<int:year>/", year_end.year_end, name="year-end"),
    path("clotures/<slug:office>/<int:year>/calculer/", year_end.ask, name="year-end-ask"),
    path(
        "clotures/<slug:office>/<int:year>/<slug:table>.<str:form>",
        year_end.table,
        name="year-end-table",
    ),
]
