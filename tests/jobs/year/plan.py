"""Who is in the year, and what staff do in it: plain data, the same each time."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tests.scale import scaled

SEED = 20261120
BEGINS = date(2026, 11, 20)  # at noon, as each of STAGES
PEOPLE = scaled(24, full=100)
DAYS, WEEKS, MONTHS = 1, 2, 3
PRICES = {"blend": "12.50", "decaf": "9.99", "mug": "7.35", "filter": "3.05"}
SHIPPING = Decimal("4.00")
OFFER_PERCENT = 15
ERROR_LIMIT = 3

FREQUENCIES = [(45, DAYS), (10, WEEKS), *[(number, MONTHS) for number in (1, 2, 3, 3, 4, 4, 5, 6)]]
OFTEN = [(9, DAYS), (2, WEEKS), (20, DAYS)]
# What the simulator does to a card: an outcome, and for how many attempts of an order (None: all).
CARDS = [
    ("timeout", None),
    *[
        ("140", 1),
        ("140", 2),
        ("140", 3),
        ("140", 5),
        ("140", None),
        ("999", 1),
        ("999", 3),
        ("999", None),
        ("timeout", 4),
        ("lost", 1),
        ("500", 2),
        ("garbage", 1),
        ("777", 1),
        ("010", 1),
        ("020", 1),
        ("030", 1),
        ("110", None),
        ("160", 1),
    ]
    * 2,
]
# (orders per billing, remaining, renewal) of prepaid subscriptions
PREPAID = [(3, 2, "autorenew"), (2, 0, "cancel"), (4, 1, "downgrade"), (3, 1, "cancel")]


@dataclass(frozen=True)
class Card:
    key: str
    expires_on: date | None
    outcome: str
    times: int | None


@dataclass(frozen=True)
class Sub:
    key: str
    product: str
    card: Card
    every: int
    every_period: int
    first: date
    quantity: int = 1
    reminder_days: int = 5
    price: Decimal | None = None  # locked
    has_offer: bool = False
    prepaid: tuple[int, int, str] | None = None


@dataclass(frozen=True)
class Person:
    key: str
    subs: tuple[Sub, ...]


@dataclass(frozen=True)
class Stage:
    """What staff do at noon of `day`, in this order."""

    day: date
    plan: str = "classic"
    days: tuple[int, ...] = ()
    stock: dict[str, bool] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    acts: tuple[tuple[str, str], ...] = ()  # verb and subscription


def people() -> list[Person]:
    chance = random.Random(SEED)
    return [_person(f"P{number}", number, chance) for number in range(PEOPLE)]


def stages(people: list[Person]) -> list[Stage]:
    chance = random.Random(SEED + 1)
    subs = [sub.key for person in people for sub in person.subs]

    def acts(*verbs: str) -> tuple[tuple[str, str], ...]:
        return tuple((verb, key) for verb in verbs for key in chance.sample(subs, max(2, PEOPLE // 20)))

    return [
        Stage(BEGINS),
        Stage(date(2027, 1, 18), "optimizer", acts=acts("cancel", "skip", "move")),
        Stage(date(2027, 3, 2), "optimizer", stock={"mug": False}, prices={"blend": "13.75"}, acts=acts("cancel")),
        Stage(date(2027, 3, 20), "manual", (2, 5, 9), prices={"decaf": "8.49"}, acts=acts("move", "move")),
        Stage(date(2027, 4, 9), "manual", (2, 5, 9), stock={"mug": True}, acts=acts("skip", "cancel")),
        Stage(date(2027, 5, 31), "external", stock={"filter": False}, acts=acts("remind_earlier", "cancel")),
        Stage(date(2027, 7, 25), "off", stock={"filter": True}, prices={"blend": "12.00"}, acts=acts("skip")),
        Stage(date(2027, 9, 6), "classic", acts=acts("move", "cancel")),
        Stage(date(2027, 11, 20), "classic"),
    ]


def _person(key: str, number: int, chance: random.Random) -> Person:
    # Of the first 24 people, five have an ordinary card, and the others one of each kind.
    kind = number - number // 5 - 1
    outcome, times = CARDS[kind] if number % 5 and kind < len(CARDS) else ("000", None)
    expires_on = chance.choice([None, date(2099, 12, 31), date(2027, chance.randrange(1, 12), 28)])
    card = Card(f"{key}-card", expires_on, outcome, times)
    first = BEGINS + timedelta(days=chance.randrange(1, 60))
    number_of_subs = chance.choice([1, 1, 1, 1, 2, 3])
    return Person(key, tuple(_sub(f"{key}-{n}", card, first, chance) for n in range(number_of_subs)))


def _sub(key: str, card: Card, first: date, chance: random.Random) -> Sub:
    every, every_period = chance.choice(OFTEN if chance.random() < 0.03 else FREQUENCIES)
    if card.outcome == "timeout" and card.times is None:
        every, every_period = 5, MONTHS  # longer than unknown results are retried
    shared = chance.random() < 0.6
    prepaid = chance.choice(PREPAID) if chance.random() < 0.15 else None
    return Sub(
        key,
        chance.choice(list(PRICES)),
        card,
        every,
        every_period,
        first if shared else first + timedelta(days=chance.randrange(1, 12)),
        quantity=chance.randrange(1, 4),
        reminder_days=chance.choice([5, 5, 5, 7, 14]),
        price=Decimal("6.66") if not prepaid and chance.random() < 0.1 else None,
        has_offer=chance.random() < 0.3,
        prepaid=prepaid,
    )
