"""Tokens: what is ours is read, and nothing else is, whatever it is made of."""

import base64
import hashlib
import hmac
import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import example, given
from hypothesis import strategies as st

from crm.errors import Unauthenticated
from crm.workspaces import tokens as module
from crm.workspaces.tokens import ACCESS_LIFETIME, Tokens, is_api_key, new_refresh, parse_refresh

SECRET_KEY = "a secret key for tests, long enough"
TOKENS = Tokens(SECRET_KEY)
USER, WORKSPACE, SESSION, KEY = uuid4(), uuid4(), uuid4(), uuid4()


def issue(now: datetime | None = None) -> str:
    return TOKENS.issue_access(user_id=USER, workspace_id=WORKSPACE, session_id=SESSION, permission_version=3, now=now)


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def good_claims(**changes: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": "rapport",
        "aud": "rapport-api",
        "sub": str(USER),
        "wsp": str(WORKSPACE),
        "sid": str(SESSION),
        "pv": 3,
        "iat": now,
        "exp": now + 600,
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}


def good_header(**changes: Any) -> dict[str, Any]:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": TOKENS._key_id}
    return {name: value for name, value in {**header, **changes}.items() if value is not ...}


def forge(header: Any, claims: Any, key: bytes | None = None, digest: str = "sha256") -> str:
    """Signed with the real key unless told otherwise, so that only the named flaw can be what is refused."""
    signed = f"{b64(header)}.{b64(claims)}"
    return f"{signed}.{b64(hmac.digest(key or TOKENS._access_key, signed.encode(), digest))}"


def test_an_access_token_says_what_was_put_in() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    claims = TOKENS.read_access(issue(now))
    assert (claims.user_id, claims.workspace_id, claims.session_id) == (USER, WORKSPACE, SESSION)
    assert claims.permission_version == 3
    assert (claims.issued_at, claims.expires_at) == (now, now + ACCESS_LIFETIME)


def test_our_own_forging_tool_makes_good_tokens_when_nothing_is_wrong() -> None:
    assert TOKENS.read_access(forge(good_header(), good_claims())).user_id == USER


def test_a_token_is_good_on_another_machine_with_the_same_secret_key_only() -> None:
    assert Tokens(SECRET_KEY).read_access(issue()).user_id == USER
    with pytest.raises(Unauthenticated):
        Tokens(SECRET_KEY + "!").read_access(issue())


def test_a_token_lives_ten_minutes() -> None:
    now = datetime.now(UTC)
    TOKENS.read_access(issue(now - timedelta(minutes=9, seconds=50)))
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(issue(now - timedelta(minutes=10, seconds=10)))
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(issue(now + timedelta(seconds=30)))


NOW = int(datetime.now(UTC).timestamp())
HEADER_FLAWS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg empty": {"alg": ""},
    "alg missing": {"alg": ...},
    "alg null": {"alg": None},
    "alg list": {"alg": ["HS256"]},
    "alg HS512": {"alg": "HS512"},
    "alg RS256": {"alg": "RS256"},
    "alg ES256": {"alg": "ES256"},
    "alg lower": {"alg": "hs256"},
    "typ JWT": {"typ": "JWT"},
    "typ missing": {"typ": ...},
    "typ id": {"typ": "id+jwt"},
    "typ list": {"typ": ["at+jwt"]},
    "kid missing": {"kid": ...},
    "kid traversal": {"kid": "../../../../dev/null"},
    "kid sql": {"kid": "x' UNION SELECT 'key"},
    "kid url": {"kid": "https://evil.example/key"},
    "kid null": {"kid": None},
    "kid number": {"kid": 1},
    "kid object": {"kid": {}},
    "crit unknown": {"crit": ["exp"]},
    "b64 false": {"b64": False, "crit": ["b64"]},
}
CLAIM_FLAWS: dict[str, dict[str, Any]] = {
    "iss other": {"iss": "someone"},
    "iss missing": {"iss": ...},
    "iss list": {"iss": ["rapport"]},
    "aud other": {"aud": "rapport-web"},
    "aud list": {"aud": ["rapport-api", "other"]},
    "aud missing": {"aud": ...},
    "expired": {"exp": NOW - 60},
    "exp missing": {"exp": ...},
    "exp text": {"exp": "tomorrow"},
    "exp null": {"exp": None},
    "exp huge": {"exp": 10**30},
    "exp infinite": {"exp": float("inf")},
    "exp object": {"exp": {}},
    "iat future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "iat missing": {"iat": ...},
    "nbf future": {"nbf": NOW + 3600},
    "sub missing": {"sub": ...},
    "sub number": {"sub": 1},
    "sub not an id": {"sub": "admin"},
    "wsp missing": {"wsp": ...},
    "wsp number": {"wsp": 5},
    "wsp not an id": {"wsp": "*"},
    "sid null": {"sid": None},
    "pv text": {"pv": "3"},
    "pv true": {"pv": True},
    "pv missing": {"pv": ...},
}


@pytest.mark.parametrize("flaw", HEADER_FLAWS.values(), ids=HEADER_FLAWS)
def test_a_flawed_header_is_refused_though_rightly_signed(flaw: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(forge(good_header(**flaw), good_claims()))


@pytest.mark.parametrize("flaw", CLAIM_FLAWS.values(), ids=CLAIM_FLAWS)
def test_flawed_claims_are_refused_though_rightly_signed(flaw: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(forge(good_header(), good_claims(**flaw)))


def test_a_token_without_signature_is_refused() -> None:
    header, claims, _ = issue().split(".")
    unsigned = f"{b64(good_header(alg='none'))}.{claims}."
    for token in (unsigned, f"{header}.{claims}.", f"{header}.{claims}", f"{header}.{claims}.{'A' * 43}"):
        with pytest.raises(Unauthenticated):
            TOKENS.read_access(token)


def test_a_key_brought_along_is_not_used() -> None:
    key = b"k" * 32
    for brought in ({"jwk": {"kty": "oct", "k": b64(key)}}, {"jku": "https://evil.example/"}, {"x5u": "file:///"}):
        with pytest.raises(Unauthenticated):
            TOKENS.read_access(forge(good_header(**brought), good_claims(), key=key))


def test_a_token_signed_the_asymmetric_way_is_refused() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(good_claims(), private, algorithm="RS256", headers=good_header(alg="RS256"))
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(token)


@pytest.mark.parametrize("key", [b"", b"secret", SECRET_KEY.encode(), b"\0" * 32, TOKENS._pepper, b"rapport"])
def test_a_token_signed_with_a_guessed_key_is_refused(key: bytes) -> None:
    signed = f"{b64(good_header())}.{b64(good_claims())}"
    token = f"{signed}.{b64(hmac.new(key, signed.encode(), 'sha256').digest())}"
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "Bearer x",
        "\x00",
        "\ud800.\ud800.\ud800",
        "é.é." + "A" * 43,
        "１" * 20,
        forge(good_header(), []),
        forge([], good_claims()),
        forge("x", "y"),
        forge(1, 2),
        f"{b64(b'[' * 700)}.{b64({})}.{'A' * 43}",
        forge(good_header(), b"[" * 500),
        forge(good_header(), b'{"exp":' + b"9" * 600 + b"}"),
        forge(good_header(), b"\xff\xfe"),
        forge(good_header(), {**good_claims(), "more": "x" * 100_000}),
        issue() + "." + issue(),
        issue() + "\n",
        " " + issue(),
        issue() + "=",
        TOKENS.new_api_key(WORKSPACE, KEY).text,
        new_refresh(WORKSPACE, SESSION).text,
    ],
    ids=lambda _: "token",
)
def test_garbage_is_refused_like_any_other_stranger(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(token)


@given(st.text(max_size=300))
@example("a.b." + "A" * 43)
def test_no_text_at_all_makes_another_error(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read_access(token)
    with pytest.raises(Unauthenticated):
        parse_refresh(token)
    assert TOKENS.parse_api_key(token) is None


def mutations_of(text: str, data: st.DataObject) -> str:
    position = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_=. +/\n") | st.characters())
    kind = data.draw(st.sampled_from(["replace", "insert", "remove"]))
    if kind == "remove":
        return text[:position] + text[position + 1 :]
    return text[:position] + letter + text[position + (kind == "replace") :]


@given(st.data())
def test_any_changed_letter_spoils_an_access_token(data: st.DataObject) -> None:
    token = issue()
    changed = mutations_of(token, data)
    if changed != token:
        with pytest.raises(Unauthenticated):
            TOKENS.read_access(changed)


@given(st.uuids(), st.uuids())
def test_a_refresh_token_names_its_workspace_and_session(workspace_id: UUID, session_id: UUID) -> None:
    new = new_refresh(workspace_id, session_id)
    parts = parse_refresh(new.text)
    assert (parts.workspace_id, parts.session_id, parts.secret_hash) == (workspace_id, session_id, new.secret_hash)
    assert len(new.secret_hash) == 32
    assert new_refresh(workspace_id, session_id).text != new.text


def test_a_refresh_token_is_stored_as_sha256_of_its_bytes() -> None:
    new = new_refresh(WORKSPACE, SESSION)
    raw = base64.urlsafe_b64decode(new.text + "=")
    assert raw[0] == 1
    assert len(raw) == 65
    assert new.secret_hash == hashlib.sha256(raw).digest()


@given(st.data())
def test_a_changed_refresh_token_is_refused_or_found_nowhere(data: st.DataObject) -> None:
    new = new_refresh(WORKSPACE, SESSION)
    changed = mutations_of(new.text, data)
    if changed == new.text:
        return
    try:
        parts = parse_refresh(changed)
    except Unauthenticated:
        return
    assert parts.secret_hash != new.secret_hash


def test_a_refresh_token_has_one_spelling_only() -> None:
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    text = new_refresh(UUID(int=2**128 - 1), SESSION).text
    same_bytes = [
        text[:-1] + letters[letters.index(text[-1]) + 1],
        text.replace("_", "/"),
        text + "=",
        text + "\n",
    ]
    for other in same_bytes:
        assert other != text
        with pytest.raises(Unauthenticated):
            parse_refresh(other)


def test_a_refresh_token_of_another_version_or_length_is_refused() -> None:
    raw = base64.urlsafe_b64decode(new_refresh(WORKSPACE, SESSION).text + "=")
    for wrong in (b"\x02" + raw[1:], b"\x00" + raw[1:], raw[:-1], raw + b"\0", b""):
        with pytest.raises(Unauthenticated):
            parse_refresh(b64(wrong))


@given(st.uuids(), st.uuids())
@example(UUID(int=0), UUID(int=0))
@example(UUID(int=2**128 - 1), UUID(int=2**128 - 1))
def test_an_api_key_names_its_workspace_and_itself(workspace_id: UUID, key_id: UUID) -> None:
    new = TOKENS.new_api_key(workspace_id, key_id)
    parts = TOKENS.parse_api_key(new.text)
    assert parts is not None
    assert (parts.workspace_id, parts.key_id, parts.secret_hash) == (workspace_id, key_id, new.secret_hash)
    assert len(new.text) == 9 + 43 + 1 + 43 + 6
    assert new.text.replace("_", "").isalnum()


@given(st.data())
def test_any_changed_letter_spoils_an_api_key(data: st.DataObject) -> None:
    text = TOKENS.new_api_key(WORKSPACE, KEY).text
    changed = mutations_of(text, data)
    if changed != text:
        assert TOKENS.parse_api_key(changed) is None


def test_a_key_with_a_wrong_checksum_costs_no_hmac(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TOKENS.new_api_key(WORKSPACE, KEY).text
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    hashed: list[str] = []

    def counted(_: Tokens, body: str) -> bytes:
        hashed.append(body)
        return b""

    monkeypatch.setattr(Tokens, "_hash_of_key", counted)
    assert TOKENS.parse_api_key(wrong) is None
    assert hashed == []
    assert TOKENS.parse_api_key(text) is not None
    assert len(hashed) == 1


def test_ids_too_large_for_two_uuids_are_refused_with_a_right_checksum() -> None:
    body = f"rpt_live_{'z' * 43}_{'0' * 43}"
    assert TOKENS.parse_api_key(body + module._checksum(body)) is None


def test_the_stored_hash_of_a_key_needs_the_pepper() -> None:
    text = TOKENS.new_api_key(WORKSPACE, KEY).text
    here, elsewhere = TOKENS.parse_api_key(text), Tokens(SECRET_KEY + "!").parse_api_key(text)
    assert here is not None
    assert elsewhere is not None
    assert here.secret_hash != elsewhere.secret_hash
    assert here.secret_hash != hashlib.sha256(text.encode()).digest()


def test_the_prefix_tells_a_key_from_a_token() -> None:
    assert is_api_key(TOKENS.new_api_key(WORKSPACE, KEY).text)
    assert not is_api_key(issue())
    assert not is_api_key("")
