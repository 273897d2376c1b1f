"""Standard Webhooks: the published vectors, rotation, and hostile headers."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from crm.webhooks.signing import SignatureInvalid, headers, new_secret, verify

# From the specification's own test suite.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SENT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
HEADERS = {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}


def test_the_published_vector_is_signed_exactly() -> None:
    assert headers([SECRET], ID, SENT, BODY) == HEADERS


def test_the_published_vector_verifies() -> None:
    verify(SECRET, HEADERS, BODY, now=SENT)
    verify(SECRET.removeprefix("whsec_"), HEADERS, BODY, now=SENT)
    verify(SECRET, {name.title(): value for name, value in HEADERS.items()}, BODY, now=SENT)


def test_the_zone_of_the_moment_does_not_matter() -> None:
    assert headers([SECRET], ID, SENT.astimezone(timezone(timedelta(hours=8))), BODY) == HEADERS


@pytest.mark.parametrize(
    "signatures",
    [
        f"{OTHER} v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {SIGNATURE} {OTHER}",
        f"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {SIGNATURE}",
    ],
)
def test_one_right_signature_among_several_is_enough(signatures: str) -> None:
    verify(SECRET, {**HEADERS, "webhook-signature": signatures}, BODY, now=SENT)


def test_five_minutes_either_way_and_no_more() -> None:
    for seconds in (-300, 300):
        verify(SECRET, HEADERS, BODY, now=SENT + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            verify(SECRET, HEADERS, BODY, now=SENT + timedelta(seconds=seconds))


def test_what_we_sign_now_satisfies_the_library_and_ourselves_by_the_real_clock() -> None:
    secret = new_secret()
    signed = headers([secret], "0199aa", datetime.now(UTC), '{"name": "重庆长安"}'.encode())
    verify(secret, signed, '{"name": "重庆长安"}'.encode())
    assert Webhook(secret).verify('{"name": "重庆长安"}', signed) == {"name": "重庆长安"}


def test_during_rotation_both_the_old_and_the_new_secret_accept() -> None:
    old, new = new_secret(), new_secret()
    signed = headers([new, old], ID, SENT, BODY)
    for secret in (old, new):
        verify(secret, signed, BODY, now=SENT)
        Webhook(secret).sign(ID, SENT, BODY.decode())
    with pytest.raises(SignatureInvalid):
        verify(new_secret(), signed, BODY, now=SENT)


def test_secrets_are_random_and_branded() -> None:
    assert new_secret() != new_secret()
    assert new_secret().startswith("whsec_")
    assert len(new_secret()) == 6 + 44


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "garbage"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,a"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": ","},
        {"webhook-signature": " "},
        {"webhook-signature": f"garbage {SIGNATURE}"},
        {"webhook-signature": SIGNATURE.replace("v1", "v2")},
        {"webhook-signature": OTHER},
        {"webhook-signature": "v1,\ud800"},
        {"webhook-signature": SIGNATURE + "\n"},
        {"webhook-signature": " ".join([OTHER] * 500 + [SIGNATURE])},
        {"webhook-id": ""},
        {"webhook-id": ID + ".1614265330"},
        {"webhook-id": "\x00"},
        {"webhook-id": "重庆"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "hello"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "inf"},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": "99999999999999999999"},
        {"webhook-timestamp": "-1614265330"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "01614265330"},
        {"webhook-timestamp": "1_614265330"},
        {"webhook-timestamp": " 1614265330"},
        {"webhook-timestamp": "１614265330"},
    ],
)
def test_hostile_headers_are_refused_quietly(change: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        verify(SECRET, {**HEADERS, **change}, BODY, now=SENT)
    assert refused.value.detail is None


@pytest.mark.parametrize("missing", HEADERS)
def test_a_missing_header_is_refused(missing: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify(SECRET, {name: value for name, value in HEADERS.items() if name != missing}, BODY, now=SENT)


@given(
    st.sampled_from(sorted(HEADERS)),
    st.integers(0, 60),
    st.sampled_from(["replace", "insert", "remove"]),
    st.characters() | st.sampled_from("0123456789.,=+/ vV1"),
)
def test_any_changed_letter_in_a_header_is_refused(name: str, position: int, kind: str, letter: str) -> None:
    value = HEADERS[name]
    position %= len(value)
    kept = "" if kind == "remove" else letter
    changed = value[:position] + kept + value[position + (kind != "insert") :]
    if changed != value:
        with pytest.raises(SignatureInvalid):
            verify(SECRET, {**HEADERS, name: changed}, BODY, now=SENT)


@given(st.binary(max_size=60))
def test_any_other_body_is_refused(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(SignatureInvalid):
            verify(SECRET, HEADERS, body, now=SENT)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_of_the_body_is_refused(position: int) -> None:
    body = bytearray(BODY)
    body[position // 8] ^= 1 << position % 8
    with pytest.raises(SignatureInvalid):
        verify(SECRET, HEADERS, bytes(body), now=SENT)


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)) | st.text(max_size=8), st.text(max_size=80), max_size=5))
def test_no_headers_at_all_make_another_error(noise: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(SECRET, noise, BODY, now=SENT)


@given(st.text(max_size=200).map(str.encode), st.datetimes(datetime(2001, 9, 10), datetime(2100, 1, 1)))  # noqa: DTZ001  # the clock on the wall
def test_whatever_we_sign_verifies(body: bytes, sent: datetime) -> None:
    sent = sent.replace(tzinfo=UTC)
    verify(SECRET, headers([SECRET], ID, sent, body), body, now=sent)


def test_what_cannot_be_signed_safely_is_our_own_error() -> None:
    for delivery_id in ("a.b", "", "a b", "重"):
        with pytest.raises(ValueError, match="delivery id"):
            headers([SECRET], delivery_id, SENT, BODY)
    with pytest.raises(ValueError, match="secret"):
        headers([], ID, SENT, BODY)
    with pytest.raises(ValueError, match="time zone"):
        headers([SECRET], ID, SENT.replace(tzinfo=None), BODY)
    for secret in ("", "whsec_", "whsec_short", "whsec_" + "!" * 32):
        with pytest.raises(ValueError, match="not a webhook secret"):
            verify(secret, HEADERS, BODY, now=SENT)


def test_ten_thousand_changed_messages_are_all_refused() -> None:
    random = Random(20261122)
    parts = {**HEADERS, "body": BODY.decode()}
    for _ in range(10_000):
        name = random.choice(sorted(parts))
        value = parts[name]
        position = random.randrange(len(value))
        changed = value[:position] + chr(random.randrange(1, 0x250)) * random.randrange(3) + value[position + 1 :]
        if changed == value:
            continue
        altered = {**parts, name: changed}
        body = altered.pop("body").encode()
        with pytest.raises(SignatureInvalid):
            verify(SECRET, altered, body, now=SENT)
