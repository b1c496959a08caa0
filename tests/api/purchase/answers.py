"""What the API answers about a checkout that was sent."""

from django.test import Client

REQUIRED = ["This field is required."]


def checkout_result(client: Client, answer) -> dict:
    response = client.get(f"/api/subscription/{answer.json()['subs_req_id']}/response/")
    assert response.status_code == 200
    return response.json()
