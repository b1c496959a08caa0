"""The script that a shop's pages load, with the merchant's settings in it."""

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from oneclick.analytics.likely_machines import ROBOT_SIGNS
from oneclick.analytics.signs import DOUBT
from oneclick.messages.interface_messages import get_interface_messages
from oneclick.models.settings import one_click_of
from oneclick.redemption.link_actions import ACTION_NAMES, LINK_ACTIONS
from oneclick.redemption.parameters import LINK_NAMES, REQUEST_NAMES
from subscriptions.models import Merchant

SOURCE = Path(__file__).with_name("main.js")
BANNER_CSS = settings.BASE_DIR / "static" / "oneclick" / "banner.css"
FRESH_SECONDS = 60
# A link's fields by their names in a fragment: those with another name in requests, and those with the same name.
RENAMED_FIELDS = {"og_quick_action": "action", **REQUEST_NAMES}
PARAMETERS = [name for row in LINK_ACTIONS.values() for name in row.parameters if name not in LINK_NAMES]
LINK_FIELDS = list(dict.fromkeys(["og_link", "og_sig", "og_mode", "og_visit", *PARAMETERS]))


class Script(NamedTuple):
    etag: str
    plain: bytes
    gzipped: bytes


def cached_script(public_id: UUID, base: str) -> Script | None:
    """The script of the merchant with this public id, or None; at most a minute old.

    It sends clicks to `base`, which is scheme and host without a slash.
    """
    key = f"one-click-script:{public_id}:{base}"
    found: Script | None = cache.get(key)
    if found is None and (merchant := Merchant.objects.filter(public_id=public_id).first()):
        found = build_script(merchant, base)
        cache.set(key, found, FRESH_SECONDS)
    return found


def build_script(merchant: Merchant, base: str) -> Script:
    one_click = one_click_of(merchant)
    baked = {
        "actions": sorted(ACTION_NAMES),
        "renamedFields": RENAMED_FIELDS,
        "linkFields": LINK_FIELDS,
        "robotSigns": ROBOT_SIGNS,
        "doubt": DOUBT,
        "base": base,
        "merchant": merchant.public_id.hex,
        "locale": merchant.locale.replace("_", "-"),
        "confirm": one_click.confirm_actions,
        "delayDays": one_click.delay_days,
        "zIndex": one_click.z_index,
        "autoHide": one_click.auto_hide_seconds,
        "texts": get_interface_messages(merchant),
        "css": packed_css(),
    }
    body = packed_source().replace("__SETTINGS__", json.dumps(baked)).encode()
    # Weak, because the plain and the compressed form share it.
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Script(etag, body, gzip.compress(body, mtime=0))


def packed_source() -> str:
    """The source without indentation and without lines that only hold a comment."""
    return re.sub(r"^\s*(//.*|/\*.*\*/)\n|^\s+", "", SOURCE.read_text(), flags=re.MULTILINE)


def packed_css() -> str:
    without_comments = re.sub(r"/\*.*?\*/", "", BANNER_CSS.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", without_comments).strip()
