"""The contract before the family: read, signed on line or on paper, archived, served as it was."""

import datetime as dt
import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.utils import Error as DatabaseError
from django.urls import reverse
from openpyxl import load_workbook

from preau.accounts.enums import Role
from preau.childcare import queries, services
from preau.childcare.errors import AlreadySigned, ChildcareRefusal, NameDiffers, NotSent
from preau.childcare.models import Signature
from preau.documents.queries import find_by_code, read_bytes
from preau.families.queries import guardians_of
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.messaging.models import Message
from tests.childcare.world import (
    AGENT,
    WEEK,
    WEEK_MINUTES,
    WHO,
    add_baby,
    close_site,
    day,
    make_world,
    sign,
)
from tests.harness.people import make_account, make_agent, make_family
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def world():
    world = make_world()
    close_site(world.site, "2026-12-24", "2026-12-31")
    world.contract = sign(world)
    world.terms = world.contract.terms.get()
    world.adult = guardians_of(world.family).first()
    world.client = client_of(make_account(world.family, now=utc_now()))
    return world


def send(world, **more):
    return services.send_for_signature(terms_id=world.terms.pk, **WHO | more)


def papers(world):
    return queries.papers_of(queries.get_contract(world.contract.pk), day("2026-10-06"))


def test_signed_on_line_archived_and_served_again(world):
    address = reverse("portal:childcare-sign", args=[world.contract.pk, world.terms.pk])
    assert world.client.get(address).status_code == 404, "not sent yet"
    signing = send(world)
    assert send(world) == signing
    (mail,) = Message.objects.filter(subject__contains="à signer")
    assert "162,75" in mail.body and mail.to == "amina@example.fr"
    home = world.client.get(reverse("portal:home")).content.decode()
    assert "Le contrat de crèche de Zélie est à signer" in home
    page = world.client.get(address).content.decode()
    assert "315 h de contrat × 1,55" in page.replace("\u202f", " ").replace("\xa0", " ")
    pdf = world.client.get(reverse("portal:childcare-paper", args=signing_args(world)))
    digest = hashlib.sha256(pdf.content).hexdigest()
    assert pdf.content.startswith(b"%PDF") and digest == signing.document.file.sha256

    # A consent, and one's own name.
    assert world.client.post(address, {"name": str(world.adult)}).status_code == 422
    wrong = world.client.post(address, {"accepts": "on", "name": "Quelqu’un d’autre"})
    assert wrong.status_code == 422 and not Signature.objects.exists()
    typed = str(world.adult).upper().replace("É", "e")
    assert world.client.post(address, {"accepts": "on", "name": typed}).status_code == 302
    signature = Signature.objects.get()
    assert (signature.how, signature.sha256, signature.adult_id) == (
        "ONLINE",
        digest,
        world.adult.pk,
    )
    assert read_bytes(signature.document.file).startswith(b"%PDF")
    assert find_by_code(signature.document.code).public_facts["Signé en ligne"]
    args = [*signing_args(world), signature.pk]
    copy = world.client.get(reverse("portal:childcare-signed", args=args))
    assert hashlib.sha256(copy.content).hexdigest() == signature.document.file.sha256
    page = world.client.get(reverse("portal:childcare-contract", args=[world.contract.pk]))
    assert f"par {world.adult}" in page.content.decode()
    assert "à signer" not in world.client.get(reverse("portal:home")).content.decode()
    with pytest.raises(AlreadySigned):
        services.sign_online(
            terms_id=world.terms.pk, adult=world.adult, name=str(world.adult), **WHO
        )
    with pytest.raises(DatabaseError):
        Signature.objects.update(name="X")


def signing_args(world):
    return [world.contract.pk, world.terms.pk]


def test_an_amendment_is_signed_on_paper(world):
    send(world, tells=False)
    assert not Message.objects.filter(subject__contains="à signer").exists()
    services.amend_contract(
        contract_id=world.contract.pk,
        applies_from=day("2026-11-01"),
        week=(*WEEK[:2], None, None, None),
        weeks_off=0,
        reason="Moins d’heures",
        **WHO,
    )
    first, second = papers(world)
    assert (first.state, second.state) == ("sent", "unsent")
    agent = client_of(make_agent(Role.CRECHE, now=utc_now()))
    page = agent.get(reverse("townhall:childcare-contract", args=[world.contract.pk]))
    assert "Pas encore envoyé" in page.content.decode()
    args = [world.contract.pk, second.terms.pk]
    agent.post(reverse("townhall:childcare-send", args=args), {"act": "print"})
    form = {
        "name": "Amina Belkacem",
        "signed_on": utc_now().date().isoformat(),
        "file": SimpleUploadedFile("a.pdf", PDF),
    }
    answer = agent.post(reverse("townhall:childcare-paper", args=args), form)
    assert answer.status_code == 302
    signature = Signature.objects.get()
    assert (signature.how, signature.file.name) == ("PAPER", "a.pdf")
    page = agent.get(reverse("townhall:childcare-contract", args=[world.contract.pk]))
    assert "par Amina Belkacem, sur papier" in page.content.decode()
    assert list(queries.unsigned_contracts()) == [{"contract_id": world.contract.pk}]
    kept = agent.get(reverse("townhall:childcare-paper-signed", args=[*args, signature.pk]))
    assert kept.content == PDF


def test_who_may_not_sign(world):
    with pytest.raises(NotSent):
        services.sign_online(terms_id=world.terms.pk, adult=world.adult, name="X", **WHO)
    send(world)
    other = make_family(last_name="Dupont")
    stranger = client_of(make_account(other, now=utc_now()))
    address = reverse("portal:childcare-sign", args=signing_args(world))
    assert stranger.get(address).status_code == 404
    with pytest.raises(NotSent):
        services.sign_online(
            terms_id=world.terms.pk, adult=guardians_of(other).first(), name="X", **WHO
        )
    with pytest.raises(NameDiffers):
        services.sign_online(terms_id=world.terms.pk, adult=world.adult, name="X", **WHO)
    world.adult.has_authority = False
    with pytest.raises(ChildcareRefusal):
        services.sign_online(
            terms_id=world.terms.pk, adult=world.adult, name=str(world.adult), **WHO
        )


def test_an_offer_is_on_the_home_page_reminded_then_told_when_it_lapses(world):
    now = utc_now()
    row = services.preregister(
        child_id=add_baby(
            world.family, "Tao", (now - dt.timedelta(days=300)).date().isoformat()
        ).pk,
        family_id=world.family.pk,
        establishment_id=world.site.pk,
        wished_from=day("2027-03-01"),
        weekly_minutes=WEEK_MINUTES,
        channel=Channel.PORTAL,
        **WHO,
    )
    offer = services.make_offer(
        preregistration_id=row.pk,
        section_id=world.section.pk,
        starts_on=day("2027-03-01"),
        now=now,
        actor=AGENT,
    )
    page = world.client.get(reverse("portal:home")).content.decode()
    assert "Une place en crèche pour Tao" in page
    assert reverse("portal:childcare-offer", args=[offer.pk]) in page
    assert services.remind_offers(now=now + dt.timedelta(days=1)) == 0
    for _twice in range(2):
        assert services.remind_offers(now=now + dt.timedelta(days=8)) == 1
    assert services.lapse_offers(now=now + dt.timedelta(days=11)) == 1
    subjects = list(Message.objects.order_by("pk").values_list("subject", flat=True))
    assert [s for s in subjects if "place" in s or "temps" in s] == [
        "Une place en crèche vous est proposée",
        "Crèche : il vous reste peu de temps pour répondre",
        "Crèche : la place proposée passe à la famille suivante",
    ]
    assert "Une place en crèche" not in world.client.get(reverse("portal:home")).content.decode()
    page = world.client.get(reverse("portal:childcare-wish", args=[row.pk])).content.decode()
    assert "passée à la famille suivante" in page


def test_the_exported_list_says_what_is_signed_and_by_whom(world):
    """The file itself, opened as an agent opens it."""
    office = client_of(make_agent(Role.CRECHE, now=utc_now()))

    def exported():
        page = office.get(
            reverse("townhall:childcare-contracts"), {"export": "xlsx", "etat": "tous"}
        )
        sheet = load_workbook(io.BytesIO(page.getvalue())).active
        head, *lines = [list(row) for row in sheet.iter_rows(values_only=True) if any(row)]
        return [dict(zip(head, line, strict=True)) for line in lines]

    assert [row["Signature"] for row in exported()] == ["À envoyer"]
    send(world)
    assert [row["Signature"] for row in exported()] == ["À signer"]
    services.sign_online(terms_id=world.terms.pk, adult=world.adult, name=str(world.adult), **WHO)
    [row] = exported()
    assert row["Signature"] == "Signé" and row["Par"] == str(world.adult)
    assert row["Signé le"].date() == paris_day(WHO["now"])
