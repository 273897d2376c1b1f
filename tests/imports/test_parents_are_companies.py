"""A file places customers in groups, which are of companies."""

from tests.conftest import Client
from tests.groups.test_groups import new
from tests.imports.steps import Worker, customers, run, told


async def test_a_file_places_no_person_in_a_group(client: Client, worker: Worker) -> None:
    await new(client, "Li Lei", kind="person")
    await new(client, "Han Mei", kind="person")
    lines = ["Acme,company,", "Acme South,company,Acme", "Globex,company,Li Lei", "Wu Di,person,Acme", "Han Mei,,Acme"]
    done = await run(client, worker, "\n".join(["name,kind,subsidiary_of", *lines]) + "\n")
    found = await customers(client)
    assert {name: one["parent"] and one["parent"]["name"] for name, one in found.items()} == {
        "Li Lei": None, "Han Mei": None, "Acme": None, "Acme South": "Acme", "Globex": None, "Wu Di": None,
    }  # fmt: skip
    assert await told(client, done) == [
        (4, False, "subsidiary_of", "parent_unknown"),
        (5, False, "subsidiary_of", "parent_of_person"),
        (6, False, "subsidiary_of", "parent_of_person"),
    ]
