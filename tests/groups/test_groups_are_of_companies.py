"""Groups are trees of companies: no person is above or below anyone, whichever way it is tried."""

from tests.conftest import Client, Facts, problem
from tests.groups.test_groups import new


async def test_a_person_is_nobodys_parent_and_has_none(client: Client, events: Facts) -> None:
    person, company = await new(client, "Li Lei", kind="person"), await new(client, "Acme")
    for path, body in (
        (f"/v1/customers/{company}", {"parent_id": person}),
        (f"/v1/customers/{person}", {"parent_id": company}),
        (f"/v1/customers/{company}", {"parent_id": person, "kind": "person"}),
    ):
        (error,) = problem(await client.patch(path, json=body), 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == ("#/parent_id", "not_a_company")
    for body in ({"parent_id": person}, {"parent_id": company, "kind": "person"}):
        for query in ("", "?allow_duplicates=true"):
            refused = await client.post(f"/v1/customers{query}", json={"name": "Globex", **body})
            (error,) = problem(refused, 422, "unprocessable")["errors"]
            assert (error["pointer"], error["code"]) == ("#/parent_id", "not_a_company")
    assert (len(await events("customer.created")), await events("customer.updated")) == (2, [])


async def test_a_company_of_a_group_becomes_no_person_until_it_has_left(client: Client) -> None:
    above = await new(client, "Acme")
    below = await new(client, "Acme South", above)
    for one in (above, below):
        refused = await client.patch(f"/v1/customers/{one}", json={"kind": "person"})
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == ("#/kind", "in_a_group")
    left = await client.patch(f"/v1/customers/{below}", json={"kind": "person", "parent_id": None})
    assert (left.json()["kind"], left.json()["parent_id"]) == ("person", None)
    assert (await client.patch(f"/v1/customers/{above}", json={"kind": "person"})).json()["kind"] == "person"
    joined = {"kind": "company", "parent_id": await new(client, "Globex")}
    assert (await client.patch(f"/v1/customers/{below}", json=joined)).status_code == 200
