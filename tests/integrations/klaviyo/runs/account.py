"""A Klaviyo account in memory that answers by a script, for what a stateful sandbox does not do on demand."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx

Script = Callable[[httpx.Request], httpx.Response | None]
ERRORS_PER_PAGE = 2


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def refusal(status: int, detail: str = "Refused.", pointer: str = "/data") -> httpx.Response:
    error = {"id": "e1", "code": "invalid", "title": "Invalid", "detail": detail, "source": {"pointer": pointer}}
    return answer(status, {"errors": [error]})


class Account:
    """Keeps the last status of each profile, its import jobs and events; `script` answers first, where it wants to."""

    def __init__(self) -> None:
        self.script: Script = lambda request: None
        self.requests: list[tuple[str, str]] = []
        self.jobs: list[list[dict[str, Any]]] = []
        self.statuses: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.erased: list[dict[str, Any]] = []
        self.job_status = "complete"
        self.counted: int | None = None
        self.faulty: set[str] = set()
        """The addresses on which a job fails."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if scripted := self.script(request):
            return scripted
        parts = request.url.path.split("/api/")[1].split("/")
        match request.method, parts:
            case "POST", ["profile-bulk-import-jobs"]:
                return self.take_job(profiles_of(request))
            case "GET", ["profile-bulk-import-jobs", job]:
                return answer(200, {"data": {"id": job, "attributes": self.job_attributes(int(job))}})
            case "GET", ["profile-bulk-import-jobs", job, "import-errors"]:
                return self.errors(int(job), request)
            case "POST", ["event-bulk-create-jobs"]:
                self.events += events_of(request)
                return answer(202)
            case "POST", ["profile-import"]:
                return self.upsert(json.loads(request.content)["data"])
            case "POST", ["data-privacy-deletion-jobs"]:
                self.erased.append(json.loads(request.content)["data"]["attributes"]["profile"]["data"]["attributes"])
                return answer(202)
        raise AssertionError(request)

    def take_job(self, profiles: list[dict[str, Any]]) -> httpx.Response:
        self.jobs.append(profiles)
        for profile in profiles:
            if identifier(profile) not in self.faulty:
                self.statuses[identifier(profile)] = status(profile)
        return answer(202, {"data": {"id": str(len(self.jobs) - 1)}})

    def job_attributes(self, job: int) -> dict[str, Any]:
        total, failed = len(self.jobs[job]), len(self.failed(job))
        if self.job_status != "complete":
            return {"status": self.job_status, "total_count": total, "completed_count": None, "failed_count": None}
        counts = {"completed_count": total - failed, "failed_count": failed}
        return {"status": "complete", "total_count": self.counted or total, **counts}

    def failed(self, job: int) -> list[dict[str, Any]]:
        return [profile for profile in self.jobs[job] if identifier(profile) in self.faulty]

    def errors(self, job: int, request: httpx.Request) -> httpx.Response:
        start = int(parse_qs(request.url.query.decode()).get("page[cursor]", ["0"])[0])
        failed = self.failed(job)
        rows = [
            {"attributes": {"code": "bad", "detail": "Klaviyo says no.", "original_payload": profile, "source": {}}}
            for profile in failed[start : start + ERRORS_PER_PAGE]
        ]
        following = start + ERRORS_PER_PAGE
        link = f"https://elsewhere.test/?page[cursor]={following}" if following < len(failed) else None
        return answer(200, {"data": rows, "links": {"next": link}})

    def upsert(self, profile: dict[str, Any]) -> httpx.Response:
        self.statuses[identifier(profile)] = status(profile)
        return answer(200, {"data": {"id": f"id of {identifier(profile)}"}})


def profiles_of(request: httpx.Request) -> list[dict[str, Any]]:
    return json.loads(request.content)["data"]["attributes"]["profiles"]["data"]


def events_of(request: httpx.Request) -> list[dict[str, Any]]:
    return json.loads(request.content)["data"]["attributes"]["events-bulk-create"]["data"]


def identifier(profile: dict[str, Any]) -> str:
    return profile["attributes"].get("email") or profile["attributes"]["phone_number"]


def status(profile: dict[str, Any]) -> str:
    return profile["attributes"].get("properties", {}).get("Ordergroove Subscriber Status", "")
