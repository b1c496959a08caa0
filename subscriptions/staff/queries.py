"""What the query of a staff page's address may hold. The shell asks here before any page is made."""

from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.http import QueryDict

from common.web.whole_numbers import parse_whole_number

PAGE_NUMBERS = ("p", "page")  # Django's name for it, and ours
LAST_PAGE = 1_000_000


class UnreadableQuery(Exception):
    """A query with a value that no page can show anything for."""


# What a page raises for its query. They are the address's fault, so they get a page in words and no traceback.
UNREADABLE = (UnreadableQuery, DisallowedModelAdminLookup, DisallowedModelAdminToField)


def check_query(query: QueryDict) -> None:
    """Raises UnreadableQuery for text that PostgreSQL cannot store, and for page numbers out of range."""
    for name, values in query.lists():
        if any("\0" in text for text in (name, *values)):
            raise UnreadableQuery
    for name in PAGE_NUMBERS:
        if not 1 <= (parse_whole_number(query.get(name, "1")) or 0) <= LAST_PAGE:
            raise UnreadableQuery
