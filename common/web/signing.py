"""HMAC-SHA256, and the comparison of secrets in constant time. No other module imports `hmac`."""

import hmac


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32 bytes that only a holder of `key` can compute for `message`."""
    return hmac.digest(key, message, "sha256")


def is_same_secret(given: str | bytes, expected: str | bytes) -> bool:
    """Whether both are equal. The time this takes does not tell how much of `given` is right."""
    return hmac.compare_digest(_to_bytes(given), _to_bytes(expected))


def _to_bytes(secret: str | bytes) -> bytes:
    # compare_digest takes only ASCII text, and strict UTF-8 cannot encode half a surrogate pair.
    return secret if isinstance(secret, bytes) else secret.encode(errors="surrogatepass")
