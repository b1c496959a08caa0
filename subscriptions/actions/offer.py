"""Offers: made, changed and retired. They belong to no customer, so the row of the profile is locked."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from subscriptions.actions.offer_terms import Gives, Terms, read_terms
from subscriptions.errors import refused
from subscriptions.models import Coupon, Discount, Merchant, Offer, OfferProfile

Codes = Mapping[str, str]  # coupon codes, by the use of the coupon


def create_offer(
    merchant: Merchant, *, name: str, terms: Sequence[Terms], usable_in_links: bool, codes: Codes | None = None
) -> OfferProfile:
    """A new offer with one variant, which subscriptions and items can have at once."""
    require_terms(terms)
    with transaction.atomic():
        profile = OfferProfile.objects.create(merchant=merchant, name=name)
        Offer.objects.create(merchant=merchant, profile=profile, name=name, usable_in_links=usable_in_links)
        _set_terms(profile, terms)
        _set_codes(profile, codes or {})
    return profile


def change_offer(
    profile: OfferProfile,
    *,
    name: str,
    terms: Sequence[Terms],
    usable_in_links: bool | None = None,
    codes: Codes | None = None,
) -> bool:
    """Change what the offer is called and what it gives; returns whether anything has changed.

    Discounts that stay the same keep their rows. `usable_in_links` is of all variants; None leaves each as it is.
    `codes` are those to change.
    Who has the offer pays by the new terms from the next time an order is counted.
    """
    require_terms(terms)
    with transaction.atomic():
        locked = OfferProfile.objects.select_for_update(no_key=True).get(pk=profile.pk)
        has_changed = locked.name != name
        if has_changed:
            locked.offers.filter(name=locked.name).update(name=name)
            locked.name = name
            locked.save(update_fields=["name"])
        if usable_in_links is not None:
            has_changed |= bool(
                locked.offers.exclude(usable_in_links=usable_in_links).update(usable_in_links=usable_in_links)
            )
            if usable_in_links and not locked.offers.exists():
                Offer.objects.create(merchant_id=locked.merchant_id, profile=locked, name=name, usable_in_links=True)
        has_changed |= _set_terms(locked, terms)
        return _set_codes(locked, codes or {}) or has_changed


def retire_offer(profile: OfferProfile) -> None:
    """Nobody can be given the offer any more; subscriptions and orders that have it keep it."""
    OfferProfile.objects.filter(pk=profile.pk).update(status=OfferProfile.Status.ARCHIVED)


def restore_offer(profile: OfferProfile) -> None:
    """The offer can be given again."""
    OfferProfile.objects.filter(pk=profile.pk).update(status=OfferProfile.Status.AVAILABLE, live=True)


def require_terms(terms: Sequence[Terms]) -> None:
    """Raises `Refused` for discounts that no offer can have."""
    if not terms:
        raise refused("offer_empty")
    for each in terms:
        if each.gives.is_percent and not 0 < each.value <= 100:
            raise refused("invalid_value", name="A discount", rule="more than 0 and at most 100 percent")
        if not 0 < each.value < 10**10 or each.value != round(each.value, 2):
            raise refused("invalid_value", name="A discount", rule="an amount above 0.00 with two decimals")
        if each.gives is Gives.FREE_SHIPPING and each.value != 100:
            raise refused("invalid_value", name="Free shipping", rule="100 percent")
    rows = [(each.gives, each.minimum, use) for each in terms for use in each.orders.uses]
    if len(set(rows)) < len(rows):
        raise refused("offer_repeated")


def _set_terms(profile: OfferProfile, terms: Iterable[Terms]) -> bool:
    """Make the discounts these; returns whether any row was made or deleted."""
    stored = read_terms(profile)
    known = {each for each, _ in stored}
    wanted = list(terms)
    dropped = [row.pk for each, rows in stored for row in rows if each not in wanted]
    Discount.objects.filter(pk__in=dropped).delete()
    added = [each for each in wanted if each not in known]
    for each in added:
        Discount.objects.bulk_create(
            each.new_row(_coupon_of(profile, use), profile.merchant.currency_code) for use in each.orders.uses
        )
    return bool(dropped or added)


def _set_codes(profile: OfferProfile, codes: Codes) -> bool:
    """Give the coupons these codes; returns whether any has changed. A coupon without discounts needs no code."""
    coupons = list(profile.coupons.filter(use__in=codes))
    changed = [coupon for coupon in coupons if coupon.code != codes[coupon.use]]
    for coupon in changed:
        coupon.code = codes[coupon.use]
    Coupon.objects.bulk_update(changed, ["code"])
    return bool(changed)


def _coupon_of(profile: OfferProfile, use: str) -> Coupon:
    defaults = {"merchant_id": profile.merchant_id, "name": profile.name, "code": ""}
    return Coupon.objects.get_or_create(profile=profile, use=use, defaults=defaults)[0]
