import pytest

from subscriptions.staff.search import customers_matching
from tests import factories as f


@pytest.mark.parametrize(
    "term",
    [
        "Zoe.Marin@shop.test",
        "zoe.marin@",
        "marin",
        "Zoe",
        "zoe mar",
        "MARIN zoe",
        "shop-77",
        "+1 (501) 555-0100",
        "5015550100",
        "555 0100",
    ],
)
def test_staff_find_a_customer_by(term: str, db: None) -> None:
    merchant = f.MerchantFactory()
    wanted = f.CustomerFactory(
        merchant=merchant,
        first_name="Zoe",
        last_name="Marin",
        email="zoe.marin@shop.test",
        merchant_user_id="shop-77",
        phone_number="+15015550100",
    )
    f.CustomerFactory(merchant=merchant)
    f.CustomerFactory(first_name="Zoe", last_name="Marin", email="zoe.marin@shop.test", merchant_user_id="shop-77")
    assert list(customers_matching(merchant, term)) == [wanted]


@pytest.mark.parametrize("term", ["501-555-0100", "+1 501 555 0100", "5550100"])
def test_staff_find_a_number_that_was_typed_with_signs(term: str, db: None) -> None:
    wanted = f.CustomerFactory(phone_number="(501) 555-0100")
    f.CustomerFactory(merchant=wanted.merchant, phone_number="(501) 555-0101")
    assert list(customers_matching(wanted.merchant, term)) == [wanted]


@pytest.mark.parametrize("term", ["nobody", "zoe nobody", "%", "' OR 1=1 --", "99"])
def test_staff_find_nobody_by(term: str, db: None) -> None:
    merchant = f.MerchantFactory()
    f.CustomerFactory(merchant=merchant, first_name="Zoe", merchant_user_id="C")
    assert not customers_matching(merchant, term).exists()
