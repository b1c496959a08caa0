import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.placement import aes
from tests.placement.orders import KEY


def test_a_text_is_encrypted_as_the_platforms_expect():
    assert aes.encrypt_text("12/2030", KEY) == "uE2gvvr+w3QDaZlsZH18rTeTZ4KzaZlRo0epmNNnFMs="


@pytest.mark.contract
def test_the_published_example_is_reproduced(contracts):
    text = (contracts / "rest-api.md").read_text()
    assert f"Key `{KEY}`, `12/2030` → `{aes.encrypt_text('12/2030', KEY)}`" in text


@given(st.text().filter(lambda text: not text.endswith("{")))
def test_encrypted_text_can_be_decrypted(text):
    assert aes.decrypt_text(aes.encrypt_text(text, KEY), KEY) == text


def test_a_text_that_fills_its_blocks_gets_one_more():
    assert len(aes.encrypt_text("x" * 31, KEY)) == 44
    assert len(aes.encrypt_text("x" * 32, KEY)) == 88


@pytest.mark.parametrize("key", ["", "short", "x" * 33, "ö" * 32])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(ValueError, match="storefront key"):
        aes.encrypt_text("12/2030", key)


@pytest.mark.parametrize("text", ["", "***", "YWJj", "ö"])
def test_invalid_encrypted_text_is_refused_or_empty(text):
    if text == "":
        assert aes.decrypt_text(text, KEY) == ""
    else:
        with pytest.raises(ValueError):
            aes.decrypt_text(text, KEY)
