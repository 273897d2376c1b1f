"""Pipelines: made, changed and put aside without orphaning a sale, through the front door."""

from typing import Any

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.opportunities.selling import act, ready, sell


def stage(key: str, probability: str = "0.5", **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "probability": probability, **more}


async def made(client: Client, *keys: str, name: str = "Own") -> dict[str, Any]:
    """A pipeline with these stages."""
    answer = await client.post("/v1/pipelines", json={"name": name, "stages": [stage(key) for key in keys]})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_the_first_pipeline_is_the_one_of_the_handbooks(client: Client, pipeline: dict[str, Any]) -> None:
    (found,) = (await client.get("/v1/pipelines")).json()["data"]
    assert found == pipeline
    assert [(one["key"], one["progress_code"], one["probability"]) for one in found["stages"]] == [
        ("new", 1, "0.0500"), ("contacted", 2, "0.1000"), ("qualified", 3, "0.3000"), ("proposal", 4, "0.6000"),
        ("contract_sent", 5, "0.9000"),
    ]  # fmt: skip
    assert found["is_default"]


async def test_only_administrators_change_how_one_sells(clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    body = {"name": "x", "stages": [stage("only")]}
    problem(await anna.post("/v1/pipelines", json=body), 403, "scope_missing")


async def test_a_checklist_is_shown_whole_however_little_was_sent(client: Client) -> None:
    own = await made(client, "a")
    lists = [{"key": "bant", "name": "BANT", "elements": [{"key": "budget", "name": "Budget"}]}]
    changed = await client.patch(f"/v1/pipelines/{own['id']}", json={"checklists": lists})
    assert changed.json()["checklists"][0]["elements"] == [{"key": "budget", "name": "Budget", "name_zh": None}]


async def test_what_cannot_be_asked_or_is_named_twice_is_refused(client: Client) -> None:
    for stages in ([stage("a", requires=["luck"])], [stage("a"), stage("a")], [stage("a", "1")], [],
                   [stage("a", requires=["check:bant.budget"])]):  # fmt: skip
        problem(await client.post("/v1/pipelines", json={"name": "x", "stages": stages}), 422, "unprocessable")


async def test_another_pipeline_becomes_the_default_one(client: Client, pipeline: dict[str, Any]) -> None:
    other = await made(client, "only")
    problem(
        await client.post("/v1/pipelines", json={"name": "Own", "stages": [stage("x")]}), 409, "pipeline_name_taken"
    )
    problem(await client.post(f"/v1/pipelines/{pipeline['id']}/archive"), 409, "default_pipeline_stays")
    assert (await client.post(f"/v1/pipelines/{other['id']}/make-default")).json()["is_default"]
    assert (await sell(client))["pipeline"]["id"] == other["id"]
    assert (await client.post(f"/v1/pipelines/{pipeline['id']}/archive")).json()["archived_at"] is not None
    refused = await client.post("/v1/opportunities", json={"name": "x", "pipeline_id": pipeline["id"]})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/pipeline_id"
    problem(await client.patch(f"/v1/pipelines/{pipeline['id']}", json={"name": "y"}), 409, "pipeline_archived")
    assert (await client.post(f"/v1/pipelines/{pipeline['id']}/restore")).json()["archived_at"] is None


async def test_stages_change_places_and_keep_their_sales(client: Client) -> None:
    own = await made(client, "a", "b", "c")
    sale = await sell(client, pipeline_id=own["id"])
    stages = [stage("c", "0.1"), stage("new_one", "0.2"), stage("a", "0.3"), stage("b", "0.4")]
    changed = await client.put(f"/v1/pipelines/{own['id']}/stages", json={"stages": stages})
    assert changed.status_code == 200, changed.text
    assert [(one["key"], one["place"]) for one in changed.json()["stages"]] == [
        ("c", 1), ("new_one", 2), ("a", 3), ("b", 4),
    ]  # fmt: skip
    read = (await client.get(f"/v1/opportunities/{sale['id']}")).json()
    assert (read["stage"]["key"], read["stage_id"], read["version"]) == ("a", sale["stage_id"], 1)


async def test_no_sale_is_orphaned_by_a_stage_that_vanishes(client: Client, events: Facts) -> None:
    own = await made(client, "a", "b", "c")
    path = f"/v1/pipelines/{own['id']}/stages"
    lost = await sell(client, pipeline_id=own["id"])
    await act(client, lost, "lose", reason="price")
    open_ = await sell(client, pipeline_id=own["id"], stage="b")
    shorter = {"stages": [stage("c"), stage("d")]}
    assert problem(await client.put(path, json=shorter), 409, "stages_in_use")["stages"] == ["a", "b"]
    wrong = {**shorter, "moves": {"a": "nowhere", "c": "d", "b": "d"}}
    refused = problem(await client.put(path, json=wrong), 422, "unprocessable")
    assert {one["pointer"] for one in refused["errors"]} == {"#/moves/a", "#/moves/c"}
    assert (await client.get(f"/v1/pipelines/{own['id']}")).json() == own
    changed = (await client.put(path, json={**shorter, "moves": {"a": "c", "b": "d"}})).json()
    assert [one["key"] for one in changed["stages"]] == ["c", "d"]
    read = [(await client.get(f"/v1/opportunities/{one['id']}")).json() for one in (lost, open_)]
    assert [(one["stage"]["key"], one["state"]) for one in read] == [("c", "lost"), ("d", "open")]
    facts = await events("opportunity.stage_changed")
    assert sorted(str(fact["subject_id"]) for fact in facts) == sorted([lost["id"], open_["id"]])
    (fact,) = await events("pipeline.stages_changed")
    assert fact["payload"] == changed
    found = (await client.get(f"/v1/opportunities/{open_['id']}/stage-history")).json()["data"]
    assert [(one["move"], one["to_stage"]["key"]) for one in found] == [("create", None), ("remap", "d")]


async def test_a_pipeline_is_put_aside_when_it_is_empty_or_its_sales_are_told_where_to_go(
    client: Client, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    own = await made(client, "a", "b")
    sale, won = await sell(client, pipeline_id=own["id"]), await ready(client, workspace, pipeline_id=own["id"])
    assert (await act(client, won, "win")).status_code == 200
    path = f"/v1/pipelines/{own['id']}/archive"
    assert problem(await client.post(path), 409, "stages_in_use")["stages"] == ["a"]
    problem(await client.post(path, json={"moves": {"a": "new"}}), 422, "unprocessable")
    body = {"to_pipeline_id": pipeline["id"], "moves": {"a": "new"}}
    assert (await client.post(path, json=body)).json()["archived_at"] is not None
    read = (await client.get(f"/v1/opportunities/{sale['id']}")).json()
    assert (read["pipeline"]["id"], read["stage"]["key"]) == (pipeline["id"], "new")
    assert (await client.get(f"/v1/opportunities/{won['id']}")).json()["pipeline"]["id"] == own["id"]
