"""A copy of a complaint that somebody keeps is taken for the same only where all of it is, its steps too."""

from tests.complaints.steps import Path, at, receive
from tests.conftest import Client, problem


async def _etag(client: Client, of: dict[str, object]) -> str:
    response = await client.get(f"/v1/complaints/{of['id']}")
    assert response.status_code == 200
    return str(response.headers["etag"])


async def _status(client: Client, of: dict[str, object], etag: str) -> int:
    return (await client.get(f"/v1/complaints/{of['id']}", headers={"If-None-Match": etag})).status_code


async def test_what_has_not_changed_is_answered_304(client: Client) -> None:
    complaint = await receive(client)
    etag = await _etag(client, complaint)
    assert etag.startswith('"1-')
    response = await client.get(f"/v1/complaints/{complaint['id']}", headers={"If-None-Match": f"W/{etag}"})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert await _status(client, complaint, '"1"') == 200


async def test_steps_that_changed_without_a_new_version_are_sent_anew(
    service: Client, client: Client, path: Path
) -> None:
    complaint = await path.to("implementing", await receive(client))
    before = await service.get(f"/v1/complaints/{complaint['id']}")
    task = {"title": "Train the fitters", "due_at": at(days=-3)}
    made = await service.post(f"/v1/complaints/{complaint['id']}/corrective-actions", json=task)
    assert made.status_code == 201
    response = await service.get(f"/v1/complaints/{complaint['id']}", headers={"If-None-Match": before.headers["etag"]})
    assert response.status_code == 200
    possible = [
        next(one["possible"] for one in seen.json()["steps"] if one["step"] == "resolve") for seen in (before, response)
    ]
    assert possible == [True, False]
    assert before.json()["version"] == response.json()["version"]
    assert before.headers["etag"] != response.headers["etag"]


async def test_steps_that_are_others_for_somebody_else_are_not_taken_for_the_same(
    client: Client, service: Client, path: Path
) -> None:
    complaint = await path.to("solution_proposed", await receive(client))
    assert await _status(path.manager, complaint, await _etag(service, complaint)) == 200
    assert await _status(service, complaint, await _etag(service, complaint)) == 304


async def test_the_etag_of_a_complaint_guards_its_changes_by_the_version(client: Client, service: Client) -> None:
    complaint = await receive(client)
    seen_by_others, etag = await _etag(client, complaint), await _etag(service, complaint)
    path = f"/v1/complaints/{complaint['id']}"
    changed = await service.patch(path, json={"tags": ["pump"]}, headers={"If-Match": etag})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = await client.patch(path, json={"tags": []}, headers={"If-Match": seen_by_others})
    assert problem(stale, 412, "stale")["current_version"] == 2
    late = await service.post(f"{path}/acknowledge", headers={"If-Match": await _etag(service, complaint)})
    assert late.status_code == 200
    refused = await service.post(f"{path}/investigate", headers={"If-Match": '"3-no"'})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "header:if-match"
