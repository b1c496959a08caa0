"""The feed of one row: a part of the row's page, a page of its own, its newer lines, and a file to download."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from common.web.whole_numbers import parse_whole_number
from subscriptions.admin.feed.doors import DOORS, kind_of_act
from subscriptions.admin.feed.form import FeedForm
from subscriptions.admin.feed.lines import Page, read_newer, read_page, reason_code, with_events
from subscriptions.models import Activity, Customer, Merchant, Subscription
from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.csv_files import csv_response, csv_time
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import event_title

KEYS_OF_PAGES = ("before", "after")
HEADER = ["time", "by", "name", "what", "act", "text", "reason code", "events", "subscription", "order"]
CHUNK = 500
MOST_SUBSCRIPTIONS = 50


class FeedAdmin(MerchantAdmin):
    """Rows with a feed; `feed_column` is the column of an activity that points at them.

    Their page includes `admin/feed/feed.html` with `feed`, which comes from `feed_context`.
    """

    feed_column: str
    pages: tuple[str, ...] = ("activity", "activity_file")

    def activities(self, request: HttpRequest, row: Any) -> QuerySet[Activity]:
        return Activity.objects.filter(merchant=merchant_of(request), **{self.feed_column: row})

    def feed_form(self, request: HttpRequest, row: Any) -> FeedForm:
        subscriptions = subscriptions_to_choose(row) if isinstance(row, Customer) else None
        return FeedForm(request.GET, merchant_of(request), subscriptions)

    def feed_context(
        self, request: HttpRequest, row: Any, subscriptions: Iterable[Subscription] | None = None
    ) -> dict[str, Any]:
        """The newest lines, for the row's own page; `subscriptions` are those of a customer to choose from."""
        form = FeedForm({}, merchant_of(request), subscriptions)
        return self.describe_feed(row, form, read_page(request, self.activities(request, row)), "")

    def describe_feed(self, row: Any, form: FeedForm, page: Page, query: str) -> dict[str, Any]:
        addresses = {"url": self.url("activity", row), "file_url": self.url("activity_file", row)}
        removed = form.merchant.history_until
        is_cut = removed is not None and row.created <= removed
        return {"form": form, "page": page, "query": query, "removed": removed if is_cut else None, **addresses}

    def activity(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The feed as the query asks for it; with `after`, only the lines that came since."""
        row = self.find_row(request, object_id)
        form = self.feed_form(request, row)
        rows = form.chosen(self.activities(request, row))
        query = request.GET.copy()
        before, after = (parse_whole_number("".join(query.pop(name, []))) for name in KEYS_OF_PAGES)
        waiting = [key for text in query.pop("waiting", []) if (key := parse_whole_number(text))]
        if after is not None:
            page = read_newer(request, rows, after, waiting)
            newer = {"feed": self.describe_feed(row, form, page, query.urlencode())}
            # The page stays as it is until there is something new.
            return TemplateResponse(
                request, "admin/feed/newer.html", newer, status=200 if page.lines or page.settled else 204
            )
        feed = self.describe_feed(row, form, read_page(request, rows, before), query.urlencode())
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"Activity of {row}",
            "original": row,
            "opts": self.opts,
            "back": self.url("change", row),
            "feed": feed,
        }
        return TemplateResponse(request, "admin/feed/page.html", context)

    def activity_file(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        row = self.find_row(request, object_id)
        rows = self.feed_form(request, row).chosen(self.activities(request, row))
        name = f"activity-{self.opts.model_name}-{row.pk}.csv"
        return csv_response(name, HEADER, file_rows(merchant_of(request), rows))


def subscriptions_to_choose(customer: Customer) -> QuerySet[Subscription]:
    rows = customer.subscriptions.filter(merchant=customer.merchant_id).select_related("product")
    return rows.order_by("cancelled", "-created")[:MOST_SUBSCRIPTIONS]


def file_rows(merchant: Merchant, rows: QuerySet[Activity]) -> Iterator[list[Any]]:
    """The activities for a file, newest first, with times in the merchant's zone."""
    found = with_events(rows.select_related("subscription", "order").order_by("-pk"))
    for row in found.iterator(chunk_size=CHUNK):
        yield [
            csv_time(row.at, merchant.time_zone),
            DOORS[row.actor_kind].title,  # type: ignore[index]  # stored as its text, which the kind equals
            row.actor_name,
            kind_of_act(row.verb),
            row.verb,
            row.sentence,
            reason_code(row),
            ", ".join(event_title(event) for event in row.events.all()),
            row.subscription.public_id.hex if row.subscription else "",
            row.order.public_id.hex if row.order else "",
        ]
