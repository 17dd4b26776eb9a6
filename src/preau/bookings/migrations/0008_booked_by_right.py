import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

# The functions as they are when this migration runs; a change of theirs is a new migration.
# `bookings_has_right`: the enrolment is for the slot's offering, and the household has one there
# while the place stands. A file that is closed (joined to another) keeps what was billed to it.
FUNCTIONS = """
CREATE FUNCTION bookings_has_right(booking bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT own.offering_id = s.offering_id
        AND (own.family_id = b.family_id OR b.status = 'CANCELLED' OR f.status = 'CLOSED'
             OR EXISTS (SELECT FROM enrolments_enrolment e
                        WHERE e.family_id = b.family_id AND e.offering_id = s.offering_id))
    FROM bookings_booking b
    JOIN bookings_slot s ON s.id = b.slot_id
    JOIN families_family f ON f.id = b.family_id
    JOIN enrolments_enrolment own ON own.id = b.enrolment_id
    WHERE b.id = booking
$$;
CREATE FUNCTION bookings_enrolment_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM bookings_booking b
               WHERE b.enrolment_id = NEW.id AND NOT bookings_has_right(b.id)) THEN
        RAISE EXCEPTION 'preau: enrolment % leaves bookings without a right', NEW.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bookings_stay_by_right AFTER UPDATE OF family_id
ON enrolments_enrolment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.family_id IS DISTINCT FROM NEW.family_id) EXECUTE FUNCTION bookings_enrolment_leaves();
"""
DROP_FUNCTIONS = """
DROP TRIGGER bookings_stay_by_right ON enrolments_enrolment;
DROP FUNCTION bookings_enrolment_leaves();
DROP FUNCTION bookings_has_right(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0007_pending_by_slot"),
        ("enrolments", "0003_booked_by_right"),
        ("families", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        pgtrigger.migrations.AddTrigger(
            model_name="booking",
            trigger=pgtrigger.compiler.Trigger(
                name="booked_by_right",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT FROM new_bookings b\n            WHERE (SELECT e.offering_id FROM enrolments_enrolment e\n                   WHERE e.id = b.enrolment_id AND e.child_id = b.child_id\n                     AND e.family_id = b.family_id)\n                IS DISTINCT FROM (SELECT s.offering_id FROM bookings_slot s WHERE s.id = b.slot_id)\n        ) THEN\n            RAISE EXCEPTION 'preau: a booking without an enrolment for its slot'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n    ",
                    hash="00d3071233ff107332a4b716443e4aacea920636",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_booked_by_right_141df",
                    referencing="REFERENCING NEW TABLE AS new_bookings ",
                    table="bookings_booking",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="booking",
            trigger=pgtrigger.compiler.Trigger(
                name="stays_by_right",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."slot_id" IS DISTINCT FROM (NEW."slot_id") OR OLD."enrolment_id" IS DISTINCT FROM (NEW."enrolment_id") OR OLD."family_id" IS DISTINCT FROM (NEW."family_id"))',
                    constraint="CONSTRAINT",
                    func="\n        IF NOT bookings_has_right(NEW.id) THEN\n            RAISE EXCEPTION 'preau: booking % without an enrolment for its slot', NEW.id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n    ",
                    hash="4c88bb486a715567cfad1e13618d31d3649b9090",
                    operation='UPDATE OF "slot_id", "enrolment_id", "family_id"',
                    pgid="pgtrigger_stays_by_right_43009",
                    table="bookings_booking",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="slot",
            trigger=pgtrigger.compiler.Trigger(
                name="keeps_its_offering",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."offering_id" IS DISTINCT FROM (NEW."offering_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="b8c9ee79964b7d2d0a98a4bcd6e8d4ff97a748ef",
                    operation="UPDATE",
                    pgid="pgtrigger_keeps_its_offering_4f699",
                    table="bookings_slot",
                    when="BEFORE",
                ),
            ),
        ),
    ]
