"""Imports through the front door and the worker's round: good lines land, bad ones are told, nothing doubles."""

from uuid import uuid4

from services.worker.importing import import_round
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.imports.steps import Worker, counts, customers, form, run, start, told

ACCOUNTS = """account,sector,employees,office_location,subsidiary_of
Acme Corporation,technolgy,2822,United States,
Bubba Gump,software,,United States,Inity
Inity,marketing,2403,,
"Green, Plant",retail,12,Philipines,Massive
"""


async def test_accounts_land_with_their_facts_their_parents_and_their_own_columns(
    client: Client, worker: Worker, events: Facts, workspace: Workspace
) -> None:
    done = await run(client, worker, ACCOUNTS)
    assert counts(done) == ("done", 4, 0, 0, 0)
    assert done["mapping"] == {
        "account": "name",
        "sector": "industry",
        "employees": "custom.employees",
        "office_location": "region",
        "subsidiary_of": "parent",
    }
    made = await customers(client)
    assert made["Acme Corporation"]["industry"] == "technolgy"
    assert made["Acme Corporation"]["custom"] == {"employees": "2822"}
    assert made["Bubba Gump"]["parent"] == {"id": made["Inity"]["id"], "name": "Inity"}
    assert made["Inity"]["owner"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
    assert made["Green, Plant"]["parent"] is None
    assert await told(client, done) == [(5, False, "subsidiary_of", "parent_unknown")]

    facts = await events("customer.created")
    assert [fact["payload"]["name"] for fact in facts] == ["Acme Corporation", "Bubba Gump", "Inity", "Green, Plant"]
    assert {fact["actor_id"] for fact in facts} == {workspace.admin.id}
    assert await events.types() == ["import.started", *["customer.created"] * 4, "customer.updated", "import.finished"]
    (finished,) = await events("import.finished")
    assert finished["payload"] == done
    found = (await client.get("/v1/customers", params={"q": "gump"})).json()["data"]
    assert [one["name"] for one in found] == ["Bubba Gump"]


async def test_an_imported_customer_is_what_it_would_be_if_it_were_sent(client: Client, worker: Worker) -> None:
    sent = {"name": "Acme", "phone": "138 1234 5678", "class": "key", "tags": ["a", "b"], "website": "https://a.cn"}
    single = (await client.post("/v1/customers", json={**sent, "name": "Single"})).json()
    await run(client, worker, "name,phone,class,tags,website\nAcme,138 1234 5678,Key,a;b,a.cn\n")
    imported = (await customers(client))["Acme"]
    differ = {name for name in single if single[name] != imported[name]}
    assert differ == {"id", "name", "created_at", "updated_at"}


async def test_bad_lines_are_told_and_the_good_ones_are_not_lost(client: Client, worker: Worker, events: Facts) -> None:
    content = (
        "name,email,phone,class\n"
        "Good,good@example.com,13812345678,key\n"
        ",nobody@example.com,,\n"
        "Bad,not-an-address,12,gold\n"
        "Short,x@example.com\n"
        "\n"
        '"Multi\nline",,,\n'
        '"Open" mark,,,\n'
        "Last,,,,\n"
    )
    done = await run(client, worker, content)
    assert counts(done) == ("done", 3, 0, 0, 4)
    assert set(await customers(client)) == {"Good", "Multi line", "Last"}
    assert await told(client, done) == [
        (3, True, "name", "missing"),
        (4, True, "phone", "value_error"),
        (4, True, "email", "value_error"),
        (4, True, "class", "literal_error"),
        (5, True, "", "ragged_line"),
        (9, True, "", "malformed_line"),
    ]
    problems = (await client.get(f"/v1/imports/{done['id']}/problems")).json()["data"]
    assert problems[1]["content"] == {"name": "Bad", "email": "not-an-address", "phone": "12", "class": "gold"}
    assert len(await events("customer.created")) == 3


async def test_problems_come_in_pages_and_only_to_those_who_see_the_import(
    client: Client, clients: Clients, worker: Worker, workspace: Workspace, queries: list[str]
) -> None:
    done = await run(client, worker, "name,email\n" + "A,x\n" * 5)
    path = f"/v1/imports/{done['id']}/problems"
    seen, cursor = [], None
    queries.clear()
    for _ in range(3):
        page = (await client.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["line"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert (seen, cursor, len(queries)) == ([2, 3, 4, 5, 6], None, 3)
    anna = clients(workspace.anna.token)
    problem(await anna.get(path), 404, "not_found")
    problem(await anna.get(f"/v1/imports/{done['id']}"), 404, "not_found")
    assert (await anna.get("/v1/imports")).json()["data"] == []
    problem(await client.get(f"/v1/imports/{uuid4()}/problems"), 404, "not_found")


async def test_the_same_file_twice_makes_no_doubles(client: Client, worker: Worker, events: Facts) -> None:
    await run(client, worker, ACCOUNTS)
    before, facts = await customers(client), len(await events())
    again = await run(client, worker, ACCOUNTS)
    assert counts(again) == ("done", 0, 0, 4, 0)
    assert await customers(client) == before
    assert (await events.types())[facts:] == ["import.started", "import.finished"]


async def test_a_line_brings_its_customer_up_to_date_and_takes_nothing_away(
    client: Client, worker: Worker, events: Facts
) -> None:
    first = "name,industry,region,tags,branches,registration_code\nAcme,it,West,vip;old,3,\n"
    await run(client, worker, first)
    second = "name,industry,region,tags,staff,registration_code\nＡＣＭＥ,software,,new;vip,9,91350100m000100y43\n"
    done = await run(client, worker, second, defaults={"source": "fair", "class": "key"})
    assert counts(done) == ("done", 0, 1, 0, 0)
    acme = (await customers(client))["ＡＣＭＥ"]
    assert (acme["industry"], acme["region"], acme["tags"]) == ("software", "West", ["vip", "old", "new"])
    assert (acme["custom"], acme["source"], acme["class"]) == ({"branches": "3", "staff": "9"}, None, "ordinary")
    (fact,) = await events("customer.updated")
    assert set(fact["changes"]) == {"name", "industry", "tags", "custom", "registration_code"}
    by_code = await run(
        client, worker, "name,code\nAcme Ltd,91350100M000100Y43\n", mapping={"code": "registration_code"}
    )
    assert counts(by_code) == ("done", 0, 1, 0, 0)
    assert set(await customers(client)) == {"Acme Ltd"}
    for query, many in (("ltd", 0), ("acme", 1), ("91350100", 1)):
        assert len((await client.get("/v1/customers", params={"q": query})).json()["data"]) == many, query


async def test_tokens_of_an_old_name_go(client: Client, worker: Worker) -> None:
    await run(client, worker, "name,registration_code\nAcme,91350100M000100Y43\n")
    await run(client, worker, "name,registration_code\nGlobex,91350100M000100Y43\n")
    for query, many in (("acme", 0), ("globex", 1), ("91350100", 1)):
        assert len((await client.get("/v1/customers", params={"q": query})).json()["data"]) == many, query


async def test_lines_of_one_file_that_mean_the_same_customer_are_one(client: Client, worker: Worker) -> None:
    content = "name,registration_code,region\nAcme,,West\nACME,,East\nAcme,AAAAAAAA,North\nAcme,BBBBBBBB,South\n"
    done = await run(client, worker, content)
    assert counts(done) == ("done", 2, 2, 0, 0)
    page = (await client.get("/v1/customers", params={"sort": "created_at"})).json()["data"]
    found = sorted((one["registration_code"], one["region"]) for one in page)
    assert found == [("AAAAAAAA", "North"), ("BBBBBBBB", "South")]
    unclear = await run(client, worker, "name,region\nAcme,East\n")
    assert counts(unclear) == ("done", 0, 0, 0, 1)
    assert await told(client, unclear) == [(2, True, "", "ambiguous")]


async def test_a_colleagues_customer_is_neither_touched_nor_shown(
    client: Client, clients: Clients, worker: Worker, workspace: Workspace
) -> None:
    await run(client, worker, "name,registration_code,region\nSecret,AAAAAAAA,West\n")
    anna = clients(workspace.anna.token)
    done = await run(anna, worker, "name,registration_code,region\nSecret,,East\nOther,AAAAAAAA,East\n")
    assert counts(done) == ("done", 1, 0, 0, 1)
    assert await told(anna, done) == [(3, True, "", "registration_code_taken")]
    (mine,) = (await anna.get("/v1/customers")).json()["data"]
    assert (mine["name"], mine["region"], mine["owner_id"]) == ("Secret", "East", str(workspace.anna.id))
    assert mine["team_id"] == str(workspace.north)
    (west,) = (await client.get("/v1/customers", params={"region": "West"})).json()["data"]
    assert west["version"] == 1


async def test_parents_are_found_in_the_workspace_and_doubtful_ones_are_told(client: Client, worker: Worker) -> None:
    await client.post("/v1/customers", json={"name": "Holding"})
    for code in ("AAAAAAAA", "BBBBBBBB"):
        await client.post("/v1/customers", json={"name": "Twin", "registration_code": code})
    content = "公司名称,上级客户\n子公司,HOLDING\n双胞,Twin\n自己,自己\n"
    done = await run(client, worker, content)
    assert counts(done) == ("done", 3, 0, 0, 0)
    assert await told(client, done) == [
        (3, False, "上级客户", "parent_ambiguous"),
        (4, False, "上级客户", "parent_is_itself"),
    ]
    (child,) = (await client.get("/v1/customers", params={"q": "子公司"})).json()["data"]
    assert child["parent"]["name"] == "Holding"


async def test_a_key_imports_in_its_own_name(clients: Clients, worker: Worker, workspace: Workspace) -> None:
    key = clients(await workspace.key("imports:write", "imports:read", "customers:read"))
    done = await run(key, worker, "name\nAcme\n")
    assert counts(done) == ("done", 1, 0, 0, 0)
    assert done["created_by"]["kind"] == "key"
    assert (await customers(key))["Acme"]["owner_id"] is None


async def test_an_import_of_someone_disabled_meanwhile_fails(
    client: Client, clients: Clients, worker: Worker, stage: Stage, workspace: Workspace
) -> None:
    started = await start(clients(workspace.anna.token), "name\nAcme\n")
    await stage.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.anna.id)
    assert await import_round(worker)
    over = (await client.get(f"/v1/imports/{started['id']}")).json()
    assert (over["state"], over["created_count"]) == ("failed", 0)
    assert over["failure"] == "Whoever asked for this import is not active any more."
    assert await import_round(worker) is False


async def test_the_file_is_forgotten_when_it_is_done(client: Client, worker: Worker, stage: Stage) -> None:
    done = await run(client, worker, "name\nAcme\n")
    assert await stage.owner.fetchval("SELECT count(*) FROM import_files WHERE import_id = $1", done["id"]) == 0


async def test_a_preview_shows_how_the_file_would_be_read_and_stores_nothing(
    client: Client, events: Facts, workspace: Workspace, stage: Stage
) -> None:
    content = "客户名称;电话;所属行业;邮箱\n" + "重庆长安;13812345678;汽车;x\n" + "甲;13812345678;汽车;\n" * 11
    response = await client.post("/v1/imports/preview", **form(content.encode("gb18030")))
    assert response.status_code == 200, response.text
    seen = response.json()
    assert (seen["encoding"], seen["delimiter"], seen["lines"]) == ("gb18030", ";", 12)
    assert seen["mapping"] == {"客户名称": "name", "电话": "phone", "所属行业": "industry", "邮箱": "email"}
    assert len(seen["rows"]) == 10
    assert seen["rows"][0]["customer"] is None
    assert seen["rows"][1]["customer"]["phone"] == "+8613812345678"
    assert [(one["line"], one["errors"][0]["pointer"]) for one in seen["problems"]] == [(2, "邮箱")]
    assert await events() == []
    assert await stage.owner.fetchval("SELECT count(*) FROM imports WHERE workspace_id = $1", workspace.id) == 0


async def test_what_cannot_be_read_as_a_whole_is_refused_with_the_reason(client: Client, events: Facts) -> None:
    for content, code in (
        (b"", "heading_missing"),
        (b"name\n", "empty"),
        (b"name,Name\nA,B\n", "heading_duplicate"),
        (b"name,,phone\nA,B,C\n", "heading_empty"),
        (b"name\nA\x00\n", "nul_character"),
        (b"PK\x03\x04....", "not_a_workbook"),
        (b"\xd0\xcf\x11\xe0....", "not_csv"),
        (b"name\n\xff\xff\xff\n", "encoding_unknown"),
        (b"colour\nred\n", "name_missing"),
        (("x," * 201 + "\n").encode(), "too_many_columns"),
        (b"name\n" + b"A\n" * 200_001, "too_many_lines"),
    ):
        for path in ("/v1/imports", "/v1/imports/preview"):
            refused = problem(await client.post(path, **form(content)), 422, "unprocessable")
            assert refused["errors"][0]["code"] == code, content[:20]
    assert await events() == []


async def test_mappings_and_defaults_that_do_not_fit_are_refused_by_name(client: Client, elsewhere: Workspace) -> None:
    for wanted, pointer, code in (
        ({"mapping": {"nope": "name"}}, "#/mapping/nope", "column_unknown"),
        ({"mapping": {"b": "colour"}}, "#/mapping/b", "field_unknown"),
        ({"mapping": {"b": "name", "name": "name"}}, "#/mapping/name", "duplicate"),
        ({"mapping": {"name": "skip"}}, "#/mapping", "name_missing"),
        ({"mapping": "no json"}, "#/mapping", "json_invalid"),
        ({"defaults": {"class": "gold"}}, "#/defaults/class", "literal_error"),
        ({"defaults": {"colour": "red"}}, "#/defaults/colour", "extra_forbidden"),
        ({"defaults": {"name": "A"}}, "#/defaults/name", "not_a_default"),
        ({"defaults": {"owner_id": str(elsewhere.anna.id)}}, "#/defaults", "not_found"),
        ({"kind": "visits"}, "#/kind", "literal_error"),
        ({"colour": "red"}, "#/colour", "extra_forbidden"),
    ):
        refused = problem(await client.post("/v1/imports", **form("name,b\nA,B\n", **wanted)), 422, "unprocessable")
        assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == (pointer, code), wanted
    problem(await client.post("/v1/imports", json={"file": "x"}), 415, "unsupported_media_type")
    problem(await client.post("/v1/imports", **form(b"x" * (20 * 1024 * 1024 + 1))), 413, "too_large")


async def test_columns_may_be_skipped_renamed_and_filled_by_default(
    client: Client, worker: Worker, workspace: Workspace
) -> None:
    wanted = {
        "mapping": {"a": "skip", "b": "custom.colour", "name": "custom.alias", "full": "name"},
        "defaults": {"owner_id": str(workspace.ben.id), "source": "fair", "custom": {"batch": 1}},
    }
    done = await run(client, worker, "a\tb\tname\tfull\nx\tred\tshort\tAcme\n", **wanted)
    assert counts(done) == ("done", 1, 0, 0, 0)
    acme = (await customers(client))["Acme"]
    assert acme["custom"] == {"batch": 1, "colour": "red", "alias": "short"}
    assert (acme["owner_id"], acme["team_id"], acme["source"]) == (str(workspace.ben.id), str(workspace.south), "fair")


async def test_the_same_idempotency_key_starts_one_import(client: Client, events: Facts) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = await client.post("/v1/imports", **form("name\nAcme\n"), headers=headers)
    again = await client.post("/v1/imports", **form("name\nAcme\n"), headers=headers)
    assert (first.status_code, again.content) == (202, first.content)
    assert await events.types() == ["import.started"]
    other = await client.post("/v1/imports", **form("name\nOther\n"), headers=headers)
    problem(other, 422, "key_reused")


async def test_imports_are_listed_in_one_statement(client: Client, queries: list[str]) -> None:
    made = [(await start(client, "name\nAcme\n"))["id"] for _ in range(2)]
    queries.clear()
    page = (await client.get("/v1/imports", params={"state": "waiting"})).json()["data"]
    assert ([one["id"] for one in page], len(queries)) == (made[::-1], 1)
    assert (await client.get("/v1/imports", params={"state": "done"})).json()["data"] == []


async def test_one_without_the_scope_is_told_which(clients: Clients, workspace: Workspace) -> None:
    service = clients(workspace.service.token)
    refused = problem(await service.post("/v1/imports", **form("name\nAcme\n")), 403, "scope_missing")
    assert refused["required_scope"] == "imports:write"


async def test_a_file_says_where_a_customer_begins_and_moves_nobody_along(client: Client, worker: Worker) -> None:
    for lifecycle in ("interested", "lost"):
        await run(client, worker, f"name,lifecycle,region\nAcme,{lifecycle},West\n")
    assert (await customers(client))["Acme"]["lifecycle"] == "interested"


async def test_a_file_makes_no_lost_customer_since_it_says_no_cause(client: Client, worker: Worker) -> None:
    done = await run(client, worker, "name,lifecycle\nAcme,lost\nGlobex,dormant\n")
    assert {name: one["lifecycle"] for name, one in (await customers(client)).items()} == {"Globex": "dormant"}
    assert await told(client, done) == [(2, True, "", "loss_without_cause")]


async def test_an_amount_beside_which_no_currency_stands_is_in_the_workspaces(client: Client, worker: Worker) -> None:
    assert (await client.patch("/v1/workspace", json={"currency": "EUR"})).is_success
    await run(client, worker, "name,Yearly value\nAcme,5\nGlobex,\n")
    await run(client, worker, "name,Yearly value,Currency\nHooli,6,\nInitech,7,CNY\n")
    found = {name: one["yearly_value"] for name, one in (await customers(client)).items()}
    assert found == {
        "Acme": {"amount": "5.00", "currency": "EUR"},
        "Globex": None,
        "Hooli": {"amount": "6.00", "currency": "EUR"},
        "Initech": {"amount": "7.00", "currency": "CNY"},
    }
    seen = (await client.post("/v1/imports/preview", **form("name,Yearly value\nAcme,5\n"))).json()
    assert (seen["problems"], seen["rows"][0]["customer"]["yearly_value"]["currency"]) == ([], "EUR")


async def test_value_and_influence_come_with_a_file_and_change_with_the_next(client: Client, worker: Worker) -> None:
    head = "name,Yearly value,Currency,Influence\n"
    await run(client, worker, head + 'Acme,"1,250,000.50",CNY,4\nGlobex,,,\n')
    acme, globex = (await customers(client))["Acme"], (await customers(client))["Globex"]
    assert (acme["yearly_value"], acme["influence"]) == ({"amount": "1250000.50", "currency": "CNY"}, 4)
    assert (globex["yearly_value"], globex["influence"]) == (None, None)
    await run(client, worker, head + "Acme,9,EUR,5\n")
    acme = (await customers(client))["Acme"]
    assert (acme["yearly_value"], acme["influence"]) == ({"amount": "9.00", "currency": "EUR"}, 5)
    done = await run(client, worker, head + "Initech,much,CNY,4\nHooli,5,,6\nUmbrella,5,EUR,high\n")
    assert [(line, column) for line, _, column, _ in await told(client, done)] == [
        (2, "Yearly value"), (3, "Influence"), (4, "Influence"),
    ]  # fmt: skip


async def test_companies_that_own_each_other_are_told_and_the_rest_lands(client: Client, worker: Worker) -> None:
    file = "name,parent\nA,B\nB,C\nC,A\nD,A\n"
    for _ in range(2):
        done = await run(client, worker, file)
        made = await customers(client)
        parents = {name: one["parent"] and one["parent"]["name"] for name, one in made.items()}
        assert parents == {"A": "B", "B": "C", "C": None, "D": "A"}
        assert await told(client, done) == [(4, False, "parent", "parent_circle")]


async def test_defined_fields_are_read_by_their_type_and_other_columns_stay_text(
    client: Client, worker: Worker
) -> None:
    for key, type_ in (("staff", "number"), ("listed", "boolean")):
        body = {"noun": "customer", "key": key, "label": key, "type": type_, "required": True}
        assert (await client.post("/v1/custom-fields", json=body)).status_code == 201
    file = 'name,staff,listed,branches\nA,"1,200",是,3\nB,many,no,4\nC,,,5\n'
    preview = (await client.post("/v1/imports/preview", **form(file))).json()
    assert preview["rows"][0]["customer"]["custom"] == {"staff": 1200, "listed": True, "branches": "3"}
    assert [one["line"] for one in preview["problems"]] == [3]
    done = await run(client, worker, file)
    assert await told(client, done) == [(3, True, "staff", "custom_invalid")]
    made = await customers(client)
    assert {name: one["custom"] for name, one in made.items()} == {
        "A": {"staff": 1200, "listed": True, "branches": "3"},
        "C": {"branches": "5"},
    }


async def test_every_part_of_an_address_comes_with_a_file(client: Client, worker: Worker) -> None:
    """A company abroad may have a code of 18 characters that no Chinese office gave out."""
    parts = "address.line,city,address.region,zip,address.country,latitude,longitude"
    content = f"name,uscc,{parts}\nAcme,123456789012345678,1 Road,Bonn,NRW,53111,DE,50.73,7.1\nBad,,,,,,,95,7\n"
    done = await run(client, worker, content)
    made = await customers(client)
    assert made["Acme"]["address"] == {
        "line": "1 Road", "city": "Bonn", "region": "NRW", "postal_code": "53111", "country": "DE",
        "latitude": 50.73, "longitude": 7.1,
    }  # fmt: skip
    assert made["Acme"]["custom"] == {}
    assert [(line, pointer) for line, _, pointer, _ in await told(client, done)] == [(3, "latitude")]
