"""First letters, invitations, forgotten passwords, addresses that are proved."""

import datetime as dt
import re

import pytest

from preau.accounts.errors import EmailTaken, InvalidLink
from preau.families import queries, services
from preau.families.auth import FamilyBackend
from preau.families.errors import InvalidEmailLink, NoEmail, TooManyLinks
from preau.families.models import EmailToken
from preau.kernel.clock import utc_now
from preau.messaging.models import Message
from preau.messaging.queries import list_messages
from tests.harness.people import (
    AGENT,
    PASSWORD,
    adult_of,
    make_account,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db
ADDRESS = "https://espace.example/lien/{token}/"


@pytest.fixture(autouse=True)
def town():
    return make_town()


@pytest.fixture
def now():
    return utc_now()


def sign_in(identifier, password):
    return FamilyBackend().authenticate(None, identifier, password, kind="FAMILY")


def last_token():
    body = Message.objects.latest("pk").body
    return re.search(r"/lien/([\w-]+)/", body)[1]


def test_the_letter_opens_the_account_once_chosen(now):
    family = make_family(now=now)
    guardian, password = services.grant_first_password(
        family_id=family.pk, guardian_id=adult_of(family).pk, now=now, actor=AGENT
    )
    # Typed from paper: case, spaces and hyphens do not count.
    for typed in (password, password.lower(), password.replace("-", " ")):
        assert sign_in(family.printed_code, typed) == guardian.user
    assert sign_in(family.code, "7777-7777-7777") is None
    services.change_own_password(guardian=guardian, new_password=PASSWORD, now=now, actor=AGENT)
    assert sign_in(family.code, password) is None
    assert sign_in(family.code, PASSWORD) == guardian.user
    assert sign_in(family.code, PASSWORD.lower()) is None


def test_an_expired_letter_opens_nothing(now):
    family = make_family(now=now)
    _, password = services.grant_first_password(
        family_id=family.pk,
        guardian_id=adult_of(family).pk,
        now=now - dt.timedelta(days=61),
        actor=AGENT,
    )
    assert sign_in(family.code, password) is None


def test_each_adult_has_an_account_of_its_own(now):
    family = make_family(now=now)
    first = make_account(family, 0, password="Le mot de passe d’Amina 1", now=now)
    second = make_account(family, 1, password="Le mot de passe de Thomas 2", now=now)
    assert sign_in(family.code, "Le mot de passe d’Amina 1") == first
    assert sign_in(family.code, "Le mot de passe de Thomas 2") == second
    services.remove_guardian(
        family_id=family.pk, guardian_id=adult_of(family, 1).pk, now=now, actor=AGENT
    )
    assert sign_in(family.code, "Le mot de passe de Thomas 2") is None


def test_the_same_password_for_both_adults_opens_neither_by_code(now):
    family = make_family(now=now)
    first = make_account(family, 0, email="a@example.org", now=now)
    make_account(family, 1, now=now)
    assert sign_in(family.code, PASSWORD) is None
    assert sign_in("A@example.org", PASSWORD) == first


def test_an_unknown_identifier_costs_as_many_hashes(now, monkeypatch):
    from preau.families import auth

    family = make_family(now=now)
    make_account(family, 0, now=now)
    hashes = []
    monkeypatch.setattr(auth, "make_password", lambda password: hashes.append("fake"))
    monkeypatch.setattr(
        auth, "password_matches", lambda user, password: bool(hashes.append("real"))
    )

    def cost(identifier):
        hashes.clear()
        sign_in(identifier, "x")
        return len(hashes)

    assert cost(family.code) == cost("1000000A") == cost("n’importe quoi") == 2
    assert cost("nobody@example.org") == 1


def test_an_invitation_opens_the_account_and_proves_the_address(now):
    family = make_family(now=now, email="amina@example.org")
    amina, thomas = queries.guardians_of(family)
    services.invite_by_email(
        family_id=family.pk, guardian_id=amina.pk, address=ADDRESS, now=now, actor=AGENT
    )
    with pytest.raises(NoEmail):
        services.invite_by_email(
            family_id=family.pk, guardian_id=thomas.pk, address=ADDRESS, now=now, actor=AGENT
        )
    assert not list_messages(family.pk).exists()  # it holds a secret: nobody reads it
    services.choose_password_by_link(token=last_token(), new_password=PASSWORD, now=now)
    assert sign_in("amina@example.org", PASSWORD) == adult_of(family).user
    assert [m.subject for m in list_messages(family.pk)] == ["Votre mot de passe a été changé"]


def test_a_forgotten_password_reaches_the_proved_address_only(now):
    family = make_family(now=now, email="file@example.org")
    make_account(family, 0, email="proved@example.org", now=now)
    make_account(family, 1, now=now)
    for identifier in ("file@example.org", "nobody@example.org", "1000000A", "", "'"):
        assert services.send_password_reset(identifier=identifier, address=ADDRESS, now=now) == 0
    for identifier in ("Proved@example.org", family.printed_code):
        assert services.send_password_reset(identifier=identifier, address=ADDRESS, now=now) == 1
    assert {m.to for m in Message.objects.all()} == {"proved@example.org"}
    token = last_token()
    services.choose_password_by_link(token=token, new_password="Encore un autre 2026", now=now)
    assert sign_in(family.code, "Encore un autre 2026")
    with pytest.raises(InvalidLink):
        services.choose_password_by_link(token=token, new_password=PASSWORD, now=now)


def test_a_new_address_signs_in_once_it_is_proved(now):
    family = make_family(now=now)
    user = make_account(family, 0, now=now)
    services.ask_email_verification(
        guardian=adult_of(family),
        email="Nouvelle@example.org",
        address=ADDRESS,
        now=now,
        actor=AGENT,
    )
    assert sign_in("nouvelle@example.org", PASSWORD) is None
    token = last_token()
    assert not EmailToken.objects.filter(token_hash=token).exists()
    services.confirm_email(token=token, now=now)
    assert sign_in("nouvelle@example.org", PASSWORD) == user
    assert adult_of(family).email == "nouvelle@example.org"
    with pytest.raises(InvalidEmailLink):
        services.confirm_email(token=token, now=now)


def test_an_address_of_another_account_is_never_given_away(now):
    family, other = make_family(now=now), make_family(last_name="Autre", now=now)
    make_account(other, 0, email="prise@example.org", now=now)
    make_account(family, 0, now=now)
    services.ask_email_verification(
        guardian=adult_of(family), email="prise@example.org", address=ADDRESS, now=now, actor=AGENT
    )
    assert "/lien/" not in Message.objects.latest("pk").body
    # Taken between the question and the click.
    services.ask_email_verification(
        guardian=adult_of(family), email="libre@example.org", address=ADDRESS, now=now, actor=AGENT
    )
    token = last_token()
    make_account(other, 1, email="libre@example.org", now=now)
    with pytest.raises(EmailTaken):
        services.confirm_email(token=token, now=now)


def test_links_expire_and_do_not_flood(now):
    family = make_family(now=now)
    asked = {
        "guardian": adult_of(family),
        "email": "a@example.org",
        "address": ADDRESS,
        "actor": AGENT,
    }
    for _ in range(4):
        services.ask_email_verification(now=now, **asked)
    with pytest.raises(TooManyLinks):
        services.ask_email_verification(now=now, **asked)
    with pytest.raises(InvalidEmailLink):
        services.confirm_email(token=last_token(), now=now + dt.timedelta(hours=25))


def test_a_family_unknown_so_far_proves_its_address_first(now):
    services.ask_file_opening(email="Nouveau@example.org", address=ADDRESS, now=now)
    token = last_token()
    assert services.find_opening_email(token=token, now=now) == "nouveau@example.org"
    assert services.use_opening_link(token=token, now=now) == "nouveau@example.org"
    with pytest.raises(InvalidEmailLink):
        services.use_opening_link(token=token, now=now)


def test_letters_are_sealed_then_wiped(now):
    family = make_family(now=now)
    ids = [g.pk for g in queries.guardians_to_invite([family.pk])]
    assert len(ids) == 2
    batch = services.open_batch(guardian_ids=ids, label="Rentrée", now=now, actor=AGENT)
    assert services.start_batch(batch_id=batch.pk).pk == batch.pk
    services.finish_batch(batch=batch, pdf=b"%PDF secret", now=now)
    batch.refresh_from_db()
    assert b"secret" not in bytes(batch.sealed_pdf)
    assert services.unseal(batch) == b"%PDF secret"
    assert services.wipe_expired_batches(now=now + dt.timedelta(days=4)) == 1
    batch.refresh_from_db()
    assert services.unseal(batch) is None
