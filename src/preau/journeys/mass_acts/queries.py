"""Reading mass acts, within the sites of who asks."""

from collections.abc import Iterable

from preau.journeys.models import MassAct


def acts_within(site_ids: Iterable[int] | None) -> list[MassAct]:
    """The last hundred acts whose sites are all among these (None: every act), latest first.

    An act on the whole town is seen by who acts everywhere, and by nobody else.
    """
    found = MassAct.objects.defer("held", "slots", "became").order_by("-asked_at", "-pk")
    if site_ids is None:
        return list(found[:100])
    mine = set(site_ids)
    return [act for act in found[:500] if _is_within(act, mine)][:100]


def get_act(act_id: int, *, site_ids: Iterable[int] | None) -> MassAct | None:
    """One act, within the same scope."""
    act = MassAct.objects.filter(pk=act_id).first()
    if act is None or (site_ids is not None and not _is_within(act, set(site_ids))):
        return None
    return act


def acts_of_slots(slot_ids: Iterable[int]) -> dict[int, int]:
    """For each of these slots that an act closed, and that is not undone, the id of the act."""
    found: dict[int, int] = {}
    for slot_id in slot_ids:
        act = (
            MassAct.objects.filter(slots__contains=[slot_id])
            .exclude(status=MassAct.Status.UNDONE)
            .order_by("-pk")
            .values_list("pk", flat=True)
            .first()
        )
        if act is not None:
            found[slot_id] = act
    return found


def _is_within(act: MassAct, site_ids: set[int]) -> bool:
    sites = act.scope.get("sites")
    return sites is not None and set(sites) <= site_ids
