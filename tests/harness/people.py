"""Families, adults, children and agents, made by the services themselves."""

import datetime as dt
from typing import Any

from preau.accounts import services as accounts
from preau.accounts.enums import Role
from preau.accounts.models import User
from preau.families import queries, services
from preau.families.models import Child, Family, Guardian
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.town.models import Town

NOW = dt.datetime(2026, 10, 6, 7, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 10, 6)
AGENT = Actor(user_id=None, label="Sonia Lopes", channel=Channel.COUNTER, is_agent=True)
PASSWORD = "Un bon mot de passe 2026"
ADDRESS = AddressData(line1="8 rue du Lavoir", postcode="94300", city="VINCENNES")


def make_town(**fields: Any) -> Town:
    town, _ = Town.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Saint-Aubin",
            "postcodes": ["94300"],
            "city_names": ["Vincennes"],
            "phone": "0199001234",
            **fields,
        },
    )
    return town


def make_family(
    *,
    children: int = 2,
    adults: int = 2,
    last_name: str = "Belkacem",
    now: dt.datetime = NOW,
    email: str = "",
    address: AddressData = ADDRESS,
) -> Family:
    """A household with an adult (`email` is the first one's) or two, and children."""
    first = GuardianData(
        last_name=last_name,
        first_name="Amina",
        civility="MME",
        relationship="mère",
        email=email,
        mobile_phone="06 39 98 11 20",
        birth_on=dt.date(1988, 5, 14),
    )
    second = GuardianData(
        last_name="Rousseau",
        first_name="Thomas",
        civility="M",
        relationship="père",
        mobile_phone="06 39 98 30 55",
    )
    names = ("Lina", "Noé", "Sami", "Inès", "Tom")
    return services.open_family(
        address=address,
        guardians=[first, second][:adults],
        children=[
            ChildData(
                last_name="Rousseau",
                first_name=names[i % 5],
                birth_on=dt.date(2016 + i, 6, 9),
                sex="F" if i % 2 == 0 else "M",
            )
            for i in range(children)
        ],
        channel=Channel.COUNTER,
        now=now,
        actor=AGENT,
    )


def adult_of(family: Family, order: int = 0) -> Guardian:
    return list(queries.guardians_of(family))[order]


def child_of(family: Family, order: int = 0, day: dt.date = DAY) -> Child:
    return queries.children_of(family, day)[order]


def make_account(
    family: Family,
    order: int = 0,
    *,
    password: str = PASSWORD,
    email: str | None = None,
    now: dt.datetime = NOW,
) -> User:
    """An adult's account, in use: its own password, and an address that was proved."""
    guardian = services.prepare_account(guardian=adult_of(family, order), now=now)
    user = guardian.user
    assert user is not None
    if email:
        accounts.set_email(user=user, email=email, now=now, is_verified=True)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def make_agent(
    *roles: Role,
    email: str = "sonia.lopes@saint-aubin.example",
    site: int | None = None,
    password: str = PASSWORD,
    now: dt.datetime = NOW,
) -> User:
    """An agent with these roles (counter when none is named), everywhere or at one site."""
    user = accounts.create_agent(
        email=email, first_name="Sonia", last_name="Lopes", now=now, actor=Actor.system()
    )
    for role in roles or (Role.COUNTER,):
        accounts.assign_role(
            user=user,
            role=role,
            establishment_id=site,
            starts_on=dt.date(2026, 1, 1),
            now=now,
            actor=Actor.system(),
        )
    user.set_password(password)
    user.save(update_fields=["password"])
    return user
