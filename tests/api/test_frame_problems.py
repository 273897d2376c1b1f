"""Every failure has one shape, names what is wrong, and tells nothing that is ours."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.api.frame_app import client_of, make_app

THING = "/v1/things/0190e6a0-0000-7000-8000-000000000001"


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem: dict[str, object] = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["instance"] == answer.request.url.raw_path.decode().split("?")[0]
    return problem


def pointers(answer: httpx.Response) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("statement_timeout", 504, "timed_out"),
        ("lock_timeout", 503, "unavailable"),
        ("serialization", 503, "unavailable"),
        ("deadlock", 503, "unavailable"),
        ("too_many", 503, "unavailable"),
        ("starting", 503, "unavailable"),
        ("refused", 503, "unavailable"),
        ("pool_closed", 503, "unavailable"),
        ("cut_off", 503, "unavailable"),
        ("pool_timeout", 503, "unavailable"),
        ("unique", 409, "conflict"),
        ("foreign", 409, "conflict"),
        ("check", 409, "conflict"),
        ("numeric", 422, "unprocessable"),
        ("bad_text", 422, "unprocessable"),
        ("bad_json_text", 422, "unprocessable"),
        ("syntax", 500, "internal_error"),
        ("bug", 500, "internal_error"),
        ("taken", 409, "thing_taken"),
        ("unauthenticated", 401, "unauthenticated"),
    ],
)
async def test_each_error_becomes_its_problem_without_internals(
    client: httpx.AsyncClient, how: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/things/fail/{how}")
    is_problem(answer, status, code)
    assert not any(word in answer.text for word in ("secret", "hunter2", "10.0.0.7"))
    assert ("retry-after" in answer.headers) == (status == 503)
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


async def test_a_problem_carries_its_detail_and_its_own_members(client: httpx.AsyncClient) -> None:
    problem = is_problem(await client.get("/v1/things/fail/taken"), 409, "thing_taken")
    assert problem["detail"] == "Another one was first."
    assert problem["held_by"] == "somebody"


async def test_a_fault_of_ours_is_logged_with_its_cause(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "rapport.api"):
        await client.get("/v1/things/fail/bug")
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [RuntimeError]


@pytest.mark.parametrize(
    ("languages", "title"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "同名事物已存在"),
        ("en,zh;q=0.5", "A thing with this name exists"),
        ("fr", "A thing with this name exists"),
        ("zh;q=nonsense", "A thing with this name exists"),
    ],
)
async def test_titles_follow_the_language_of_the_reader(client: httpx.AsyncClient, languages: str, title: str) -> None:
    answer = await client.get("/v1/things/fail/taken", headers={"Accept-Language": languages})
    assert answer.json()["title"] == title


@pytest.mark.parametrize("path", ["/", "/nowhere", "/v1/nothing/here", "/v1/things/a/b/c/d", "//", "/v1/things/"])
async def test_an_unknown_address_is_404(client: httpx.AsyncClient, path: str) -> None:
    is_problem(await client.request("GET", httpx.URL(f"http://test{path}")), 404, "unknown_route")


async def test_a_wrong_method_is_405_and_names_all_that_are_right(client: httpx.AsyncClient) -> None:
    answer = await client.delete(THING)
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PATCH"


async def test_each_refused_field_is_named_where_it_was_sent(client: httpx.AsyncClient) -> None:
    body = {"name": "", "parts": [{"size": 1}, {"size": "private"}, {}], "either": {"size": "x"}, "a/b~c": "private"}
    answer = await client.post("/v1/things", json=body)
    is_problem(answer, 422, "unprocessable")
    assert pointers(answer) == {
        "#/name": "string_too_short",
        "#/parts/1/size": "int_parsing",
        "#/parts/2/size": "missing",
        "#/either": "int_type",
        "#/either/size": "int_parsing",
        "#/a~1b~0c": "extra_forbidden",
    }
    assert "private" not in answer.text


async def test_query_path_and_header_are_named_and_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/zzprivate?limit=9999", headers={"If-Match": "private"})
    assert answer.status_code == 422
    assert pointers(answer) == {
        "path:thing_id": "uuid_parsing",
        "query:limit": "less_than_equal",
        "header:If-Match": "int_parsing",
    }
    assert not any("z" in error["message"] for error in answer.json()["errors"])


async def test_a_missing_body_is_422(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things")
    is_problem(answer, 422, "unprocessable")
    assert pointers(answer) == {"#": "missing"}


DEEP = b'{"name":"x","custom":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "a"',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "a\x00b"}',
        '{"name": "a"}'.encode("utf-16"),
        b'{"name": "a", "ratio": NaN}',
        b'{"name": "a", "custom": {"x": -Infinity}}',
        b'{"name": "a", "custom": {"x": ' + b"9" * 5000 + b"}}",
        DEEP,
        b"[" * 500_000,
        b'"' + b'\\"' * 300_000 + b"[" * 100,
    ],
    ids=["cut", "not utf-8", "surrogate bytes", "nul byte", "utf-16", "nan", "infinity", "digits", "deep", "open", "q"],
)
async def test_what_is_not_json_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/things", content=body, headers={"Content-Type": "application/json"})
    problem = is_problem(answer, 400, "malformed")
    assert problem["detail"]


@pytest.mark.parametrize(("levels", "status"), [(62, 201), (63, 400)])
async def test_json_may_be_64_levels_deep_and_no_deeper(client: httpx.AsyncClient, levels: int, status: int) -> None:
    body = b'{"name": "x", "custom": {"a": %s%s}}' % (b"[" * levels, b"]" * levels)
    answer = await client.post("/v1/things", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b'{"name": "a\\u0000b"}', "#/name", "nul_character"),
        (b'{"name": "a", "custom": {"k": ["x", "\\u0000"]}}', "#/custom/k/1", "nul_character"),
        (b'{"name": "a", "custom": {"k\\u0000": 1}}', "#/custom/k\x00", "nul_character"),
        (b'{"name": "a\\ud800"}', "#/name", "lone_surrogate"),
        (b'{"name": "a", "custom": {"n": 99999999999999999999}}', "#/custom/n", "number_out_of_range"),
        (b'{"name": "a", "custom": {"n": 1e999}}', "#/custom/n", "number_out_of_range"),
    ],
)
async def test_what_cannot_be_stored_is_422_and_named(
    client: httpx.AsyncClient, body: bytes, pointer: str, code: str
) -> None:
    answer = await client.post("/v1/things", content=body, headers={"Content-Type": "application/json"})
    is_problem(answer, 422, "unprocessable")
    assert pointers(answer) == {pointer: code}


@pytest.mark.parametrize("name", ["\\\\u0000", "\\ud83d\\ude00", "客户", "NaN", "[{" * 100, "12345678901234567890"])
async def test_what_only_looks_suspicious_is_taken(client: httpx.AsyncClient, name: str) -> None:
    body = f'{{"name": "{name}"}}'.encode()
    answer = await client.post("/v1/things", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 201, answer.text


async def test_nul_in_path_query_and_form_is_422_and_named(client: httpx.AsyncClient) -> None:
    in_path = await client.patch("/v1/things/a%00b", json={"name": "x"})
    in_query = await client.get(f"{THING}?limit=1&name=%00")
    in_form = await client.post(
        "/v1/things/form",
        content=b"username=a%00&password=b",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    found = [pointers(answer) for answer in (in_path, in_query, in_form)]
    assert found == [
        {"path:thing_id": "nul_character"},
        {"query:name": "nul_character"},
        {"#/username": "nul_character"},
    ]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "multipart/form-data", "application/json; charset=gbk", ""]
)
async def test_a_body_of_another_type_is_415(client: httpx.AsyncClient, media: str) -> None:
    headers = {"Content-Type": media} if media else {}
    is_problem(await client.post("/v1/things", content=b"{}", headers=headers), 415, "unsupported_media_type")


async def test_json_sent_to_a_form_is_415(client: httpx.AsyncClient) -> None:
    is_problem(await client.post("/v1/things/form", json={"username": "a"}), 415, "unsupported_media_type")


async def test_merge_patch_is_json(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    assert (await client.patch(THING, content=b'{"name":"x"}', headers=headers)).status_code == 200


async def test_a_declared_large_body_is_413(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/things", content=b"x" * 1_048_577, headers=headers)
    assert is_problem(answer, 413, "too_large")["max_bytes"] == 1_048_576


async def test_a_large_body_in_chunks_is_413(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    answer = await client.post("/v1/things", content=body(), headers={"Content-Type": "application/json"})
    is_problem(answer, 413, "too_large")


async def test_a_body_in_chunks_is_checked_as_a_whole(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"name": "a\\u00'
        yield b'00"}'

    answer = await client.post("/v1/things", content=body(), headers={"Content-Type": "application/json"})
    assert pointers(answer) == {"#/name": "nul_character"}


async def test_a_route_may_take_more_up_to_a_limit_of_its_own(client: httpx.AsyncClient) -> None:
    taken = await client.post("/v1/things/upload", content=b"x" * 2_000_000)
    assert taken.json() == {"bytes": 2_000_000}
    is_problem(await client.post("/v1/things/upload", content=b"x" * 3_000_001), 413, "too_large")
