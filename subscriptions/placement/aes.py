"""The encryption of card data in order posts and checkouts, as the platforms that read and write them expect it.

AES in ECB mode without authentication: it is kept for compatibility, and good for nothing else. Equal texts give
equal results, and a result that was tampered with is not noticed.
"""

import base64

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK = 32
PAD = b"{"


def encrypt_text(text: str, key: str) -> str:
    """`text` in Base64, padded with `{` to a multiple of 32 bytes; one that is such a multiple gets 32 more.

    `key` has 16, 24 or 32 bytes; any other raises ValueError.
    """
    data = text.encode()
    padded = data + PAD * (BLOCK - len(data) % BLOCK)
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt_text(text: str, key: str) -> str:
    """The text `encrypt` was given, but for `{` at its end. Raises ValueError for what is no such result."""
    data = base64.b64decode(text, validate=True)
    decryptor = _cipher(key).decryptor()
    return (decryptor.update(data) + decryptor.finalize()).rstrip(PAD).decode()


def _cipher(key: str) -> Cipher[ECB]:
    data = key.encode()
    if len(data) not in (16, 24, 32):
        raise ValueError("The storefront key has not the 16, 24 or 32 characters that card data needs.")
    return Cipher(AES(data), ECB())
