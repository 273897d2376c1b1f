"""What a caller did wrong is said in the language they asked for."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from crm.chinese import in_chinese
from services.api.problems import wants_chinese
from tests.conftest import Client, problem

ZH = {"Accept-Language": "zh-CN"}


async def test_a_shape_that_does_not_fit_is_said_in_chinese(client: Client) -> None:
    sent = {"name": "", "phone": "7", "kind": "robot", "colour": "red", "tags": ["x"] * 60}
    found = problem(await client.post("/v1/customers", json=sent, headers=ZH), 422, "unprocessable")
    assert found["title"] == "部分字段不符合要求"
    said = {error["pointer"]: error["message"] for error in found["errors"]}
    assert said["#/colour"] == "没有此字段"
    assert said["#/phone"] == "这不是可以拨打的电话号码。"
    assert said["#/kind"] == "须为 'company' 或 'person'"
    assert said["#/name"] == "至少须有 1 个字符"
    assert said["#/tags"] == "最多可有 50 项，现有 60 项"


async def test_a_rule_of_ours_is_said_in_chinese_with_its_values(client: Client) -> None:
    wrong = await client.post(
        "/v1/customers", json={"name": "A", "registration_code": "915000002028632060"}, headers=ZH
    )
    assert problem(wrong, 422, "unprocessable")["errors"][0]["message"] == (
        "按前面各位计算，该统一社会信用代码的最后一位应为 Y。"
    )
    note = {"subject": {"type": "customer", "id": str(uuid4())}, "text": "…"}
    nowhere = await client.post("/v1/notes", json={**note, "text": "Hello"}, headers=ZH)
    assert problem(nowhere, 422, "unprocessable")["errors"][0]["message"] == "没有这个客户。"


async def test_a_sort_that_is_none_is_told_once_with_those_that_are(client: Client) -> None:
    found = problem(await client.get("/v1/customers?sort=colour", headers=ZH), 422, "unprocessable")
    (error,) = found["errors"]
    assert error["message"].startswith("须为 'created_at'、'-created_at'、'name'")
    assert error["message"].endswith("'-verified_on' 或 'relevance'")


async def test_who_sends_json_where_a_file_is_taken_is_told_what_to_send(client: Client) -> None:
    found = problem(await client.post("/v1/attachments", json={"x": 1}), 415, "unsupported_media_type")
    assert "multipart/form-data" in found["detail"]


async def test_the_detail_is_said_in_chinese_too(client: Client) -> None:
    found = await client.post("/v1/customers", content="{", headers={**ZH, "Content-Type": "application/json"})
    assert problem(found, 400, "malformed")["detail"] == "请求正文不是有效的 JSON：第 1 个字符处有误。"


async def test_it_is_english_where_nobody_asks_for_chinese(client: Client) -> None:
    found = problem(await client.post("/v1/customers", json={}), 422, "unprocessable")
    assert found["errors"] == [{"pointer": "#/name", "message": "Field required", "code": "missing"}]


@given(st.integers(), st.text())
def test_values_are_carried_over_as_they_are(number: int, text: str) -> None:
    assert in_chinese(f"Input should be greater than or equal to {number}") == f"须大于或等于 {number}"
    said = in_chinese(f"The role {text} may do what you may not.")
    assert said is not None
    assert said.startswith("角色“")


def test_what_nobody_has_said_stays_as_it_is() -> None:
    assert in_chinese("Something quite new") is None
    assert wants_chinese("de, zh;q=0.4, en;q=0.3")
    assert not wants_chinese("en, zh;q=0.9")
