"""The installation's own secrets, made once and kept beside its data."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

GENERATORS = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    # "<version>:<hex key>", newest first; the version byte of a token names its key.
    "ONE_CLICK_KEYS": lambda: f"1:{secrets.token_hex(32)}",
    # Fernet keys, newest first; encrypts API keys of ESPs and storefront keys at rest.
    "ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
    "API_KEY_SECRET": lambda: secrets.token_urlsafe(50),
}


def ensure_secrets_file(path: Path) -> Path:
    """Return `path`, an env file (mode 0600), made with fresh secrets when it is missing."""
    if not path.exists():
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        lines = "".join(f"{name}={make()}\n" for name, make in GENERATORS.items())
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(lines)
        try:
            # link() refuses to replace: of two first starts at once, one set of secrets wins for both.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path
