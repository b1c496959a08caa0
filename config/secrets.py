"""The secrets of the installation, generated once and stored beside its data."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

GENERATORS = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    # "<version>:<hex key>", newest first; the first byte of a token is the version of its key.
    "ONE_CLICK_KEYS": lambda: f"1:{secrets.token_hex(32)}",
    # Fernet keys, newest first; they encrypt API keys of ESPs and storefront keys at rest.
    "ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
    "API_KEY_SECRET": lambda: secrets.token_urlsafe(50),
}

FORMER = ("SECRET_KEY_FALLBACKS", "API_KEY_SECRET_FALLBACKS")
"""Lines that operators add when they replace a secret."""


def ensure_secrets_file(path: Path) -> Path:
    """Write new secrets to the env file `path` (mode 0600) unless it exists or the environment has them all; return
    `path`. Raises RuntimeError where the file cannot be written.
    """
    if not path.exists() and not GENERATORS.keys() <= os.environ.keys():
        try:
            _write_secrets(path)
        except OSError as error:
            raise RuntimeError(
                f"REPRISE_HOME cannot keep the secrets: {error}. Choose a folder that can be written, or set "
                f"{', '.join(GENERATORS)} in the environment."
            ) from None
    return path


def _write_secrets(path: Path) -> None:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    lines = "".join(f"{name}={generate()}\n" for name, generate in GENERATORS.items())
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(lines)
    try:
        # link() never replaces a file: two first starts at once end up with the same secrets.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
