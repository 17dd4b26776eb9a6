"""Fifty thousand people: a search finds by its index, in a bounded number of questions."""

import pytest
from django.db import connection

from preau.accounts.enums import Role
from preau.accounts.queries import permissions_of
from preau.families import queries
from preau.journeys.search import search_all
from tests.harness.people import DAY, NOW, make_agent, make_town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FAMILIES = 14_000
MOST = 10  # statements for one search with its people


def fill():
    """14,000 families, 22,400 adults, 28,000 children, straight into the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO families_family (code, name, sort_key, status, address_line1,
              address_line2, postcode, city, country, is_resident, created_at, channel,
              search_text)
            SELECT (1000000 + i)::text || 'A', 'Nom' || i %% 3000, 'nom' || i %% 3000, 'ACTIVE',
              i %% 200 || ' rue du Midi', '', '94300', 'VINCENNES', 'FRANCE', true, now(),
              'COUNTER',
              'nom' || i %% 3000 || ' prenom' || i %% 900 || ' enfant' || i %% 700 || ' 06' ||
              lpad(i::text, 8, '0') || ' p' || i || '@example.org rue du midi 94300 vincennes '
              || (1000000 + i)::text || 'a'
            FROM generate_series(1, %s) AS i
            """,
            [FAMILIES],
        )
        cursor.execute(
            """
            INSERT INTO families_guardian (family_id, civility, last_name, usage_name, first_name,
              relationship, email, mobile_phone, home_phone, work_phone, has_authority, is_payer,
              search_key, created_at)
            SELECT id, 'MME', name, '', 'Prénom', '', '', '', '', '', true, true, '', now()
            FROM families_family
            """
        )
        cursor.execute(
            """
            INSERT INTO families_child (last_name, usage_name, first_name, birth_on, sex, diet,
              has_pai, search_key, created_at)
            SELECT 'Nom', '', 'Enfant' || i, '2018-01-01', 'F', 'STANDARD', false, 'nom', now()
            FROM generate_series(1, 2 * %s) AS i
            """,
            [FAMILIES],
        )
        cursor.execute(
            """
            INSERT INTO families_custody (child_id, family_id, weeks, starts_on)
            SELECT c.id, f.id, 'ALL', '2018-01-01'
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM families_child) c
            JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM families_family) f
              ON f.n = (c.n + 1) / 2
            """
        )
        for table in ("family", "guardian", "child", "custody"):
            cursor.execute(f"ANALYZE families_{table}")


def test_a_search_goes_by_its_index(django_assert_max_num_queries):
    make_town()
    agent = make_agent(Role.COUNTER)
    permissions = permissions_of(agent, DAY)
    fill()
    for typed in ("nom12", "prenom7 nom", "0600001234", "1004321a", "p77@example", "midi v", "no"):
        with django_assert_max_num_queries(MOST):
            assert search_all(agent, typed, permissions=permissions, now=NOW), typed
    plan = queries.families_for_agent(agent, "prenom77 nom77", day=DAY).explain()
    assert "family_search" in plan
