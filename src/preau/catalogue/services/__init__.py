"""The verbs that change the offer; each leaves a line in the journal.

A `save_…` creates when no id is given, changes otherwise; a `delete_…` refuses what is used.
All raise CatalogueRefusal, with the sentences by field.
"""

from preau.catalogue.services.calendar import (
    ImportedCalendar,
    delete_closed_day,
    delete_holiday,
    delete_school_year,
    import_calendar,
    save_closed_day,
    save_holiday,
    save_school_year,
)
from preau.catalogue.services.menus import (
    delete_menu,
    save_allergens,
    save_menu,
    save_week_menus,
)
from preau.catalogue.services.offer import (
    close_offerings,
    copy_offerings,
    delete_activity,
    delete_offering,
    delete_product,
    open_offerings,
    save_activity,
    save_offering,
    save_product,
    set_weekly_patterns,
)
from preau.catalogue.services.places import (
    delete_class,
    delete_establishment,
    save_class,
    save_establishment,
)

__all__ = [
    "ImportedCalendar",
    "close_offerings",
    "copy_offerings",
    "delete_activity",
    "delete_class",
    "delete_closed_day",
    "delete_establishment",
    "delete_holiday",
    "delete_menu",
    "delete_offering",
    "delete_product",
    "delete_school_year",
    "import_calendar",
    "open_offerings",
    "save_activity",
    "save_allergens",
    "save_class",
    "save_closed_day",
    "save_establishment",
    "save_holiday",
    "save_menu",
    "save_offering",
    "save_product",
    "save_school_year",
    "save_week_menus",
    "set_weekly_patterns",
]
