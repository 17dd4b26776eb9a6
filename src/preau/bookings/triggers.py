"""What the database itself refuses of places, whoever writes.

The functions `bookings_adults`, `bookings_room` and `bookings_in_group` are in the migrations:
`rules.adults_needed`, `rules.room` and `rules.waits_in_group` in SQL (a test compares them). So is
`bookings_has_right`, that says whether the household of a booking is enrolled for its slot.
"""

import pgtrigger

# A count may not grow past a limit. It may shrink while past one, and a limit may be set under
# what is taken: nobody is put out; so may the age that parts the groups. Both tables that count
# places (Slot, Pool) have it.
REFUSES_ONE_TOO_MANY = pgtrigger.Trigger(
    name="refuses_one_too_many",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
        IF (NEW.taken > OLD.taken AND NEW.taken > NEW.capacity)
            OR (NEW.taken + NEW.kept > OLD.taken + OLD.kept
                AND NEW.taken + NEW.kept > NEW.capacity)
            OR (NEW.age_cut = OLD.age_cut AND (
                (NEW.young_taken > OLD.young_taken AND NEW.young_taken > NEW.young_capacity)
                OR (NEW.taken - NEW.young_taken > OLD.taken - OLD.young_taken
                    AND NEW.taken - NEW.young_taken > NEW.old_capacity)
                OR ((NEW.young_taken > OLD.young_taken
                        OR NEW.taken - NEW.young_taken > OLD.taken - OLD.young_taken)
                    AND bookings_adults(NEW.young_taken, NEW.taken - NEW.young_taken,
                                        NEW.young_per_adult, NEW.old_per_adult) > NEW.adults)))
        THEN
            RAISE EXCEPTION 'preau: one place too many in % %', TG_TABLE_NAME, NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)

# What a slot gives or takes back, each pool that it is in does too. After the statement, so that a
# family may leave the full day for the morning in one sending.
COUNTS_WHAT_IS_SHARED = pgtrigger.Trigger(
    name="counts_what_is_shared",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    referencing=pgtrigger.Referencing(old="old_slots", new="new_slots"),
    func="""
        IF NOT EXISTS (SELECT FROM new_slots WHERE shares) THEN
            RETURN NULL;
        END IF;
        UPDATE bookings_pool pool
        SET taken = pool.taken + d.taken, young_taken = pool.young_taken + d.young_taken,
            kept = pool.kept + d.kept
        FROM (
            SELECT member.pool_id, sum(n.taken - o.taken) AS taken,
                   sum(n.young_taken - o.young_taken) AS young_taken, sum(n.kept - o.kept) AS kept
            FROM new_slots n JOIN old_slots o ON o.id = n.id
            JOIN bookings_poolslot member ON member.slot_id = n.id
            WHERE n.shares GROUP BY member.pool_id
        ) d
        WHERE pool.id = d.pool_id AND (d.taken <> 0 OR d.young_taken <> 0 OR d.kept <> 0);
        RETURN NULL;
    """,
)

# Booked is by right of an enrolment: the child's, in the household that books, for the offering of
# the slot. Once a statement, before which the enrolment is always written; by subqueries, so that
# each row asks two primary keys whatever the plan was made for.
BOOKED_BY_RIGHT = pgtrigger.Trigger(
    name="booked_by_right",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_bookings"),
    func="""
        IF EXISTS (
            SELECT FROM new_bookings b
            WHERE (SELECT e.offering_id FROM enrolments_enrolment e
                   WHERE e.id = b.enrolment_id AND e.child_id = b.child_id
                     AND e.family_id = b.family_id)
                IS DISTINCT FROM (SELECT s.offering_id FROM bookings_slot s WHERE s.id = b.slot_id)
        ) THEN
            RAISE EXCEPTION 'preau: a booking without an enrolment for its slot'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)

# A booking that goes to another household, child or enrolment (files joined or parted) is checked
# when all has been moved. So is an enrolment that goes to another household: its trigger is in the
# migrations, the rooms below know nothing of bookings.
STAYS_BY_RIGHT = pgtrigger.Trigger(
    name="stays_by_right",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("slot_id", "enrolment_id", "family_id"),
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Q(old__slot_id__df=pgtrigger.F("new__slot_id"))
    | pgtrigger.Q(old__enrolment_id__df=pgtrigger.F("new__enrolment_id"))
    | pgtrigger.Q(old__family_id__df=pgtrigger.F("new__family_id")),
    func="""
        IF NOT bookings_has_right(NEW.id) THEN
            RAISE EXCEPTION 'preau: booking % without an enrolment for its slot', NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)
