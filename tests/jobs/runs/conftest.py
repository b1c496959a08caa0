import pytest

from subscriptions.models import JobRun, Merchant
from tests import factories as f
from tests.jobs.runs.counting import DAY, LONG_AGO, CountingWork, use_only_job


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> CountingWork:
    work = CountingWork()
    use_only_job(monkeypatch, work)
    return work


@pytest.fixture
def merchant(noon: object) -> Merchant:
    made: Merchant = f.MerchantFactory(created=LONG_AGO)
    return made


@pytest.fixture
def customers(merchant: Merchant) -> list[int]:
    return [f.CustomerFactory(merchant=merchant).pk for _ in range(4)]


@pytest.fixture
def run(merchant: Merchant, customers: list[int]) -> JobRun:
    return JobRun.objects.create(merchant=merchant, job="count", local_date=DAY)
