"""What the database itself refuses, whoever writes: triggers, installed by the migrations."""

import pgtrigger

_REFUSE = "RAISE EXCEPTION 'preau: % is append-only, % refused', TG_TABLE_NAME, TG_OP;"


def append_only() -> list[pgtrigger.Trigger]:
    """For `Meta.triggers`: rows are added and never changed, deleted or truncated."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_REFUSE,
        ),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_REFUSE,
        ),
    ]
