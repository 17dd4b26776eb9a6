"""import-linter cannot see foreign keys written as strings: the models are walked instead."""

from django.apps import apps
from django.db import models

from tests.architecture.contracts import LAYERS, OUTSIDE, ROOT, depth

# These rooms are near the ground and speak of everything: they keep ids upwards, never keys.
FREE_OF_KEYS = {"audit"}


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("preau.")]


def room_of(model: type[models.Model]) -> str:
    return model.__module__.split(".")[1]


def keys() -> list[tuple[type[models.Model], models.Field, type[models.Model]]]:
    return [
        (model, field, field.remote_field.model)
        for model in our_models()
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
        if field.remote_field is not None
    ]


def test_there_is_something_to_walk() -> None:
    assert len(our_models()) > 10
    assert len(keys()) > 10


def test_foreign_keys_point_downwards() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} -> {target._meta.label}"
        for model, field, target in keys()
        if target.__module__.startswith("preau.")
        and room_of(target) != room_of(model)
        and depth(room_of(target)) <= depth(room_of(model))
    ]
    assert wrong == []


def test_the_journal_holds_no_key() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, field, target in keys()
        if room_of(model) in FREE_OF_KEYS and room_of(target) != room_of(model)
    ]
    assert wrong == []


def test_money_is_whole_cents() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_fields
        if isinstance(field, models.FloatField)
        or (field.name.endswith("_cents") and not isinstance(field, models.IntegerField))
    ]
    assert wrong == []


INSTANT = ("_at", "_since", "_from", "_until", "_login", "_timestamp")
DAY = ("_on", "_since", "_from", "_until", "_day", "_month", "_as_of")


def test_names_tell_instants_from_days() -> None:
    """`_at` for instants, `_on` for days; `day`, `month` and words of duration say it as well."""
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_fields
        if isinstance(field, models.DateField)
        and not f"_{field.name}".endswith(
            INSTANT if isinstance(field, models.DateTimeField) else DAY
        )
    ]
    assert wrong == []


def test_every_folder_is_a_room() -> None:
    rooms = {room for rooms in LAYERS for room in rooms} | set(OUTSIDE)
    found = {
        path.stem
        for path in (ROOT / "src" / "preau").iterdir()
        if not path.name.startswith("__") and (path.is_dir() or path.suffix == ".py")
    }
    assert found <= rooms
