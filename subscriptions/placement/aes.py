"""The encryption of card data in order posts and checkouts, as the merchants' platforms expect it.

AES in ECB mode without authentication is here for compatibility only; do not use it for anything else. Equal texts
give equal results, and tampering goes unnoticed.
"""

import base64
import re
from urllib.parse import unquote

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK = 32
PAD = b"{"


def encrypt_text(text: str, key: str) -> str:
    """Pad `text` with at least one `{` to a multiple of 32 bytes, and encrypt it; the result is in Base64.

    Raises ValueError unless the key has 16, 24 or 32 bytes.
    """
    data = text.encode()
    padded = data + PAD * (BLOCK - len(data) % BLOCK)
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt_text(text: str, key: str) -> str:
    """The text given to `encrypt_text`, without any `{` at its end. Raises ValueError for other texts."""
    data = base64.b64decode(text, validate=True)
    decryptor = _cipher(key).decryptor()
    return (decryptor.update(data) + decryptor.finalize()).rstrip(PAD).decode()


def read_text(text: str, key: str) -> str:
    """`text`, decrypted if it is encrypted. Raises ValueError if it is encrypted under another key.

    An encrypted text may still be URL-encoded, or have lost its `+` to URL decoding and gained line breaks.
    """
    encrypted = re.sub("[\r\n]", "", unquote(text)).replace(" ", "+")
    try:
        length = len(base64.b64decode(encrypted, validate=True))
    except ValueError:
        return text
    if not length or length % BLOCK:
        return text
    clear = decrypt_text(encrypted, key)
    if not clear.isprintable():
        raise ValueError("decrypted under another key than it was encrypted")
    return clear


def _cipher(key: str) -> Cipher[ECB]:
    data = key.encode()
    if len(data) not in (16, 24, 32):
        raise ValueError("To encrypt card data, the storefront key needs 16, 24 or 32 characters.")
    return Cipher(AES(data), ECB())
