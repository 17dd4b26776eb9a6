"""Passwords, links, roles: what an account may do and how one gets in."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from preau.accounts import queries, services
from preau.accounts.enums import ROLE_PERMISSIONS, Permission, Role
from preau.accounts.errors import (
    BadRoleDates,
    EmailTaken,
    InvalidLink,
    LastAdministrator,
    OwnAccount,
    PasswordChangedMeanwhile,
    WeakPassword,
)
from preau.accounts.models import PasswordLink, User
from preau.kernel.actors import Actor
from tests.harness.people import DAY, NOW, PASSWORD, make_agent, make_town

pytestmark = pytest.mark.django_db
ACTOR = Actor.system()


@pytest.fixture(autouse=True)
def town():
    return make_town(initial_password_days=30)


def make_user(**fields):
    return services.create_family_user(first_name="Amina", last_name="Belkacem", now=NOW, **fields)


def test_an_initial_password_is_readable_hashed_and_dated(real_hasher):
    user = make_user()
    password = services.set_initial_password(user=user, now=NOW)
    assert len(password) == 14 and password.count("-") == 2
    user.refresh_from_db()
    assert user.password.startswith("argon2")
    assert password.replace("-", "") not in user.password
    assert user.must_change_password
    assert user.initial_password_expires_at == NOW + dt.timedelta(days=30)


def test_a_chosen_password_ends_the_initial_one_and_its_links():
    user = make_user(email="a@example.org")
    services.set_initial_password(user=user, now=NOW)
    token = services.create_link(user=user, purpose=services.RESET, email=user.email, now=NOW)
    before = user.get_session_auth_hash()
    services.change_password(user=user, new_password=PASSWORD, now=NOW, actor=ACTOR)
    user.refresh_from_db()
    assert user.check_password(PASSWORD) and not user.must_change_password
    assert user.get_session_auth_hash() != before  # other sessions are out
    with pytest.raises(InvalidLink):
        services.find_link(token, NOW)


@pytest.mark.parametrize("weak", ["court", "1234567890", "belkacem12"])
def test_weak_passwords_are_refused_in_french(weak):
    user = make_user()
    with pytest.raises(WeakPassword) as refusal:
        services.change_password(user=user, new_password=weak, now=NOW, actor=ACTOR)
    assert "mot de passe" in str(refusal.value).lower()


def test_a_link_serves_once_and_expires():
    user = make_user(email="a@example.org")
    token = services.create_link(user=user, purpose=services.RESET, email=user.email, now=NOW)
    assert token and not PasswordLink.objects.filter(token_hash=token).exists()
    with pytest.raises(InvalidLink):
        services.find_link(token, NOW + dt.timedelta(hours=2, seconds=1))
    with pytest.raises(InvalidLink):
        services.find_link("inconnu", NOW)
    services.use_link(token=token, new_password=PASSWORD, now=NOW)
    with pytest.raises(InvalidLink):
        services.use_link(token=token, new_password="Un autre mot de passe 1", now=NOW)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_weak_choice_does_not_burn_the_link():
    user = make_user(email="a@example.org")
    token = services.create_link(user=user, purpose=services.RESET, email=user.email, now=NOW)
    with pytest.raises(WeakPassword):
        services.use_link(token=token, new_password="court", now=NOW)
    services.use_link(token=token, new_password=PASSWORD, now=NOW)


def test_links_do_not_flood_a_mailbox():
    user = make_user(email="a@example.org")
    made = [
        services.create_link(user=user, purpose=services.RESET, email=user.email, now=NOW)
        for _ in range(5)
    ]
    assert [bool(token) for token in made] == [True, True, True, False, False]


def test_an_invitation_proves_the_address():
    user = make_user()
    token = services.create_link(
        user=user, purpose=services.INVITATION, email="Amina@Example.org", now=NOW
    )
    services.use_link(token=token, new_password=PASSWORD, now=NOW + dt.timedelta(days=6))
    user.refresh_from_db()
    assert user.email == "amina@example.org" and user.email_verified_at


def test_one_address_one_account_of_a_kind():
    make_user(email="a@example.org")
    with pytest.raises(EmailTaken):
        make_user(email=" A@example.org")
    services.create_agent(
        email="a@example.org", first_name="S", last_name="L", now=NOW, actor=ACTOR
    )
    with pytest.raises(EmailTaken):
        services.create_agent(
            email="A@example.org", first_name="S", last_name="L", now=NOW, actor=ACTOR
        )


def test_roles_give_permissions_between_their_dates():
    agent = make_agent(Role.SITE_MANAGER, site=7)
    assert queries.permissions_of(agent, DAY) == ROLE_PERMISSIONS[Role.SITE_MANAGER]
    assert queries.permissions_of(agent, dt.date(2025, 12, 31)) == frozenset()
    assert queries.establishment_scope(agent, Permission.TAKE_ATTENDANCE, DAY) == {7}
    assert queries.establishment_scope(agent, Permission.SEE_FAMILIES, DAY) == frozenset()
    assert queries.may(agent, Permission.TAKE_ATTENDANCE, DAY, 7)
    assert not queries.may(agent, Permission.TAKE_ATTENDANCE, DAY, 8)
    services.assign_role(
        user=agent, role=Role.COUNTER, starts_on=DAY, ends_on=DAY, now=NOW, actor=ACTOR
    )
    assert queries.establishment_scope(agent, Permission.SEE_FAMILIES, DAY) is None
    assert (
        queries.permissions_of(agent, DAY + dt.timedelta(days=1))
        == ROLE_PERMISSIONS[Role.SITE_MANAGER]
    )
    with pytest.raises(BadRoleDates):
        services.assign_role(
            user=agent,
            role=Role.COUNTER,
            starts_on=DAY,
            ends_on=DAY - dt.timedelta(days=1),
            now=NOW,
            actor=ACTOR,
        )
    assert queries.permissions_of(make_user(), DAY) == frozenset()


def test_somebody_always_manages_the_agents():
    admin = make_agent(Role.ADMINISTRATOR)
    me = Actor(user_id=admin.pk, label="moi", channel="COUNTER", is_agent=True)
    with pytest.raises(OwnAccount):
        services.set_active(user=admin, is_active=False, now=NOW, actor=me)
    with pytest.raises(LastAdministrator):
        services.set_active(user=admin, is_active=False, now=NOW, actor=ACTOR)
    admin.refresh_from_db()
    assert admin.is_active
    with pytest.raises(LastAdministrator):
        services.end_role(role=admin.roles.get(), ends_on=DAY, now=NOW, actor=ACTOR)
    other = make_agent(Role.ADMINISTRATOR, email="b@example.org")
    services.set_active(user=other, is_active=False, now=NOW, actor=ACTOR)
    assert queries.permissions_of(other, DAY) == frozenset()


@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_once_only_one_chooses():
    make_town()
    user = make_user()
    services.set_initial_password(user=user, now=NOW)
    start = Barrier(2)

    def choose(password):
        mine = User.objects.get(pk=user.pk)
        start.wait()
        try:
            services.change_password(user=mine, new_password=password, now=NOW, actor=ACTOR)
        except PasswordChangedMeanwhile:
            return "refused"
        finally:
            connection.close()
        return password

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(choose, ["Premier mot de passe 1", "Second mot de passe 2"]))
    assert told.count("refused") == 1
    chosen = next(word for word in told if word != "refused")
    assert User.objects.get(pk=user.pk).check_password(chosen)


@pytest.mark.django_db(transaction=True)
def test_a_link_used_twice_at_once_serves_once():
    make_town()
    user = make_user(email="a@example.org")
    token = services.create_link(user=user, purpose=services.RESET, email=user.email, now=NOW)
    start = Barrier(2)

    def use(password):
        start.wait()
        try:
            services.use_link(token=token, new_password=password, now=NOW)
        except InvalidLink:
            return "refused"
        finally:
            connection.close()
        return password

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(use, ["Premier mot de passe 1", "Second mot de passe 2"]))
    assert told.count("refused") == 1
