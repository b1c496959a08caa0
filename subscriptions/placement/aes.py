"""Card fields as the documented interface carries them: AES in ECB mode, padded with `{` to 32 bytes, in base64.

It hides nothing that TLS does not hide already; it is there because shops' platforms expect it.
"""

from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


def encrypt(text: str, key: str) -> str:
    """`key` is the storefront key, 16, 24 or 32 bytes long; text of a whole block gets one more of padding."""
    plain = text.encode()
    writer = _cipher(key).encryptor()
    return b64encode(writer.update(plain + b"{" * (BLOCK - len(plain) % BLOCK)) + writer.finalize()).decode()


def decrypt(text: str, key: str) -> str:
    """Raises ValueError for what was not encrypted like this, and for a key of another length."""
    reader = _cipher(key).decryptor()
    plain = reader.update(b64decode(text, validate=True)) + reader.finalize()
    return plain.decode().rstrip("{")


def _cipher(key: str) -> Cipher[modes.ECB]:
    return Cipher(algorithms.AES(key.encode()), modes.ECB())  # the interface prescribes it
