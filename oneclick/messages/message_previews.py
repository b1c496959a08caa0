"""Every text a customer may read, with facts to show it filled in before anybody clicks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext, override

from oneclick.messages import rendering
from oneclick.messages.default_messages import CORRECTED, TEXTS
from oneclick.pages.landing import amount
from oneclick.pages.script.texts import DEFAULTS, TABLE
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import Facts, Frequency
from subscriptions import calendar
from subscriptions.models import Merchant

TITLES = {
    "delay": "Delay",
    "skip": "Skip",
    "reactivate": "Reactivate",
    "product_upsell": "Upsell of a product",
    "subscription_upsell": "Upsell of a subscription",
    "undo": "Undo",
    TABLE: "Banner and pages",
}
ALL: dict[str, Mapping[str, str]] = {**TEXTS, TABLE: DEFAULTS}


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as customers of `locale` read it, in the merchant's words or ours."""

    table: str
    code: str
    text: str
    own: bool
    kind: str

    @property
    def name(self) -> str:
        return self.code.replace("_", " ").capitalize()


def shown(merchant: Merchant, locale: str) -> Iterator[tuple[str, list[Shown]]]:
    """Every text, by the title of its table."""
    own, given = rendering.own_texts(merchant), facts(merchant, locale)
    for table, texts in ALL.items():
        rows = []
        for code in texts:
            mine = chosen(own, table, code, locale)
            text = filled(mine or ours(merchant, table, code, locale), given)
            rows.append(Shown(table, code, text, bool(mine), kind(table, code)))
        yield TITLES[table], rows


def chosen(own: Mapping[tuple[str, str, str], str], table: str, code: str, locale: str) -> str:
    """Of a merchant's `own_texts` the one for `locale`, or for its language; empty where there is none."""
    return next((text for tag in rendering.languages(locale) if (text := own.get((tag, table, code)))), "")


def unfilled(merchant: Merchant, table: str, code: str, locale: str) -> str:
    """What customers of `locale` read, before facts are filled in."""
    return chosen(rendering.own_texts(merchant), table, code, locale) or ours(merchant, table, code, locale)


def kind(table: str, code: str) -> str:
    """What banner shows it: `success`, `error` or, of other words, `notice`."""
    if table == TABLE:
        return "error" if code in ("network", "broken") else "notice"
    return "success" if code.startswith("success") or (table == "undo" and code in LINK_ACTIONS) else "error"


def ours(merchant: Merchant, table: str, code: str, locale: str) -> str:
    """What is shown where the merchant has no wording of its own for `locale`; English for other languages."""
    language = next((tag for tag in rendering.languages(locale) if tag in rendering.LANGUAGES), rendering.OURS)
    if table == TABLE:
        with override(language):
            return gettext(DEFAULTS[code])
    return rendering.default_text(table, code, language, corrected=merchant.one_click.corrected_delay_wording)


def facts(merchant: Merchant, locale: str) -> dict[str, str]:
    """By placeholder, as they are written in `locale`."""
    language = rendering.language_of(locale)
    sample: Facts = {
        "product_name": "House blend",
        "date": calendar.today(merchant.time_zone) + timedelta(days=14),
        "frequency_description": Frequency(2, calendar.Period.WEEKS),
        "days": amount(str(merchant.one_click.delay_days), "day", locale),
        "quantity": "1",
        "frequency": amount("2", "week", locale),
    }
    return {name: rendering.written(fact, language) for name, fact in sample.items()}


def placeholders(table: str, code: str) -> set[str]:
    """Those a text may use: the ones ours has."""
    words = [ALL[table][code], CORRECTED.get(table, {}).get(code, "")]
    return {part.partition("}")[0] for text in words for part in text.split("{")[1:]}


def filled(text: str, given: Mapping[str, str]) -> str:
    for name, fact in given.items():
        text = text.replace("{" + name + "}", fact)
    return text
