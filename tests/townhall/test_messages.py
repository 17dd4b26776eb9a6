"""A message to all the parents of a group: read first, then sent once, called off in time."""

import datetime as dt
import io
import re

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdf import PdfReader

from preau.documents import prints
from preau.documents.models import Print, PrintPart
from preau.families.models import Family, Guardian
from preau.journeys import letter_prints
from preau.journeys.letter_prints import run_letters
from preau.journeys.mass_messages import run_campaign
from preau.journeys.tasks import print_letters
from preau.kernel.clock import utc_now
from preau.messaging.models import Campaign, Message
from tests.bookings import world

pytestmark = pytest.mark.django_db
NEW = "/mairie/messages/nouveau/"
WRITTEN = {
    "audience": "BOOKED",
    "first": "2026-10-15",
    "subject": "Sortie au musée",
    "body": "Bonjour,\r\n\r\nPensez au pique-nique.",
    "by": ["email", "letter"],
}


def sign_in(role, site=None):
    client = Client()
    client.force_login(world.make_agent(role, site), backend="preau.accounts.auth.AgentBackend")
    return client


def read(response):
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def hidden(page):
    pairs = re.findall(r'<input type="hidden" name="(key|seen)" value="([^"]*)">', page)
    return dict(pairs)


@pytest.fixture
def slot():
    """Three households booked on the same day: with e-mails, with a number alone, with nothing."""
    slot = world.make_slot("2026-10-15")
    for n in range(3):
        family = world.make_family(1)
        world.book(slot, world.children_of(family)[0], family)
        adults = Guardian.objects.filter(family=family)
        adults.update(email=f"adulte{n}@ville.example" if n == 0 else "", mobile_phone="")
        if n == 1:
            adults.update(mobile_phone="06 39 98 11 20")
    return slot


def test_read_then_sent_once_then_the_letters(slot):
    agent = sign_in("COUNTER")
    preview = read(agent.post(NEW, WRITTEN))
    assert "<b>3 familles</b>" in preview and "Message.objects" not in preview
    assert Message.objects.count() == 0 and Campaign.objects.count() == 0
    sent = {**WRITTEN, **hidden(preview), "send": "1"}
    back = agent.post(NEW, sent)
    campaign = Campaign.objects.get()
    assert back.url == f"/mairie/messages/{campaign.pk}/"
    assert agent.post(NEW, sent).url == back.url and Campaign.objects.count() == 1
    for _ in range(2):  # killed and run again: nothing leaves twice
        run_campaign(campaign_id=campaign.pk, now=utc_now())
        Campaign.objects.update(status="RUNNING")
    run_campaign(campaign_id=campaign.pk, now=utc_now())
    assert [m.to for m in Message.objects.all()] == ["adulte0@ville.example"]
    campaign.refresh_from_db()
    assert (campaign.families, campaign.emails, campaign.letters) == (3, 1, 2)
    page = read(agent.get(back.url))
    assert "3 familles" in page and "2 lettres" in page
    row = Print.objects.get()
    assert f"{back.url}lettres/{row.pk}/" in page and row.total == 2
    assert agent.get(f"{back.url}lettres/{row.pk}.pdf").status_code == 404, "not set yet"
    assert "Sortie au musée" in read(agent.get("/mairie/messages/"))


def test_texts_go_to_mobiles_and_their_price_is_said(slot):
    agent = sign_in("COUNTER")
    wish = {**WRITTEN, "by": ["email", "sms"], "text": "Pique-nique jeudi. " * 9}
    preview = read(agent.post(NEW, wish))
    assert "facturés 2" in preview
    assert "1 famille ne recevront rien" in preview
    agent.post(NEW, {**wish, **hidden(preview), "send": "1"})
    run_campaign(campaign_id=Campaign.objects.get().pk, now=utc_now())
    assert set(Message.objects.values_list("medium", "to")) == {
        ("EMAIL", "adulte0@ville.example"),
        ("SMS", "+33639981120"),
    }


def test_who_changed_since_the_preview_is_read_again(slot):
    agent = sign_in("COUNTER")
    preview = hidden(read(agent.post(NEW, WRITTEN)))
    other = world.make_family(1)
    world.book(slot, world.children_of(other)[0], other)
    again = agent.post(NEW, {**WRITTEN, **preview, "send": "1"})
    assert again.status_code == 422 and "relisez" in read(again)
    assert Campaign.objects.count() == 0
    assert agent.post(NEW, {**WRITTEN, **hidden(read(again)), "send": "1"}).status_code == 302


def test_called_off_until_it_leaves(slot):
    agent = sign_in("COUNTER")
    day = (utc_now() + dt.timedelta(days=3)).date().isoformat()
    later = {**WRITTEN, "send_on": day}
    agent.post(NEW, {**later, **hidden(read(agent.post(NEW, later))), "send": "1"})
    campaign = Campaign.objects.get()
    assert campaign.send_at > utc_now() + dt.timedelta(days=1)
    assert "annulé" in read(agent.post(f"/mairie/messages/{campaign.pk}/annuler/", follow=True))
    run_campaign(campaign_id=campaign.pk, now=utc_now())
    assert Message.objects.count() == 0
    gone = {**WRITTEN, **hidden(read(agent.post(NEW, WRITTEN))), "send": "1"}
    agent.post(NEW, gone)
    last = Campaign.objects.latest("pk")
    run_campaign(campaign_id=last.pk, now=utc_now())
    page = read(agent.post(f"/mairie/messages/{last.pk}/annuler/", follow=True))
    assert "déjà parti" in page
    assert Message.objects.count() == 1


def test_an_agent_of_one_site_writes_there_alone(slot):
    pasteur = world.make_site("École Pasteur")
    theirs = sign_in("SITE_MANAGER", pasteur)
    assert "<b>0 famille</b>" in read(theirs.post(NEW, WRITTEN))
    assert theirs.post(NEW, {**WRITTEN, "audience": "EVERYONE"}).status_code == 422
    school = slot.offering.establishment.pk
    assert theirs.post(NEW, {**WRITTEN, "sites": [school]}).status_code == 422
    whole = sign_in("COUNTER")
    whole.post(NEW, {**WRITTEN, **hidden(read(whole.post(NEW, WRITTEN))), "send": "1"})
    campaign = Campaign.objects.get()
    for tail in ("", "lettres/"):
        assert theirs.get(f"/mairie/messages/{campaign.pk}/{tail}").status_code == 404
    assert theirs.post(f"/mairie/messages/{campaign.pk}/annuler/").status_code == 404
    assert "Sortie" not in read(theirs.get("/mairie/messages/"))
    assert sign_in("CASHIER").get(NEW).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ["sms"]},
        {"by": ["email"], "text": "Un SMS"},
        {"last": "2026-10-01"},
        {"last": "2027-10-01"},
        {"send_at": "08:00"},
        {"send_on": "2020-01-01"},
        {"body": ""},
        {"audience": "AUTRE"},
    ],
)
def test_what_makes_no_sense_is_said(slot, wrong):
    assert sign_in("COUNTER").post(NEW, {**WRITTEN, **wrong}).status_code == 422


def test_letters_are_set_by_parts_joined_in_order_and_wiped(slot, monkeypatch):
    agent = sign_in("COUNTER")
    agent.post(NEW, {**WRITTEN, **hidden(read(agent.post(NEW, WRITTEN))), "send": "1"})
    campaign = Campaign.objects.get()
    run_campaign(campaign_id=campaign.pk, now=utc_now())
    row = Print.objects.get()
    monkeypatch.setattr(letter_prints, "AT_ONCE", 1)
    monkeypatch.setattr(prints, "PART", 4_000)
    seen = []
    monkeypatch.setattr(prints, "note_progress", lambda **told: seen.append(told["done"]))
    job = ProcrastinateJob.objects.get(task_name="journeys.print_letters")
    print_letters.func(**job.args)
    assert seen == [1] and PrintPart.objects.count() > 1
    row.refresh_from_db()
    assert (row.status, row.error) == ("DONE", "")
    base = f"/mairie/messages/{campaign.pk}/lettres/"
    page = f"{base}{row.pk}/"
    assert "2 lettres" in read(agent.get(page))
    pdf = PdfReader(io.BytesIO(agent.get(f"{base}{row.pk}.pdf").getvalue()))
    assert pdf.metadata.title == "Lettres\u00a0: Sortie au musée"
    names = [str(Guardian.objects.filter(family=pk).first()) for pk in row.subjects]
    assert len(pdf.pages) == 2
    for leaf, name in zip(pdf.pages, names, strict=True):
        assert name in leaf.extract_text()
    sealed = bytes(PrintPart.objects.first().sealed)
    assert b"%PDF" not in sealed
    assert sign_in("SITE_MANAGER", world.make_site("École Pasteur")).get(page).status_code == 404
    assert prints.wipe_prints(now=utc_now() + dt.timedelta(days=29)) == 0
    assert prints.wipe_prints(now=utc_now() + dt.timedelta(days=31)) == 1
    assert PrintPart.objects.count() == 0 and "effacé" in read(agent.get(page))
    assert agent.get(f"{base}{row.pk}.pdf").status_code == 404
    Family.objects.filter(pk=row.subjects[0]).update(status="CLOSED")
    agent.post(f"{base}refaire/", {"print": row.pk})
    again = Print.objects.latest("pk")
    assert again.subjects == row.subjects and again.pk != row.pk
    run_letters(print_id=again.pk)
    assert "1 dossier sans lettre" in read(agent.get(f"{base}{again.pk}/"))
