"""The quick look at an address says yes only where the full check would, and with the same result."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import EmailStr, TypeAdapter, ValidationError

from crm.fields import Email, is_plain_email

FULL = TypeAdapter(EmailStr)
OURS = TypeAdapter(Email)

_local = st.text("abAB09.+_-'é@ ", min_size=1, max_size=70)
_label = st.text("abXY09-中", min_size=1, max_size=8)
_top = st.sampled_from(
    ["com", "cn", "COM", "test", "local", "invalid", "arpa", "onion", "c", "c1", "xn--p1ai", "museum"]
)
_domain = st.tuples(st.lists(_label, max_size=3), _top).map(lambda parts: ".".join([*parts[0], parts[1]]))


@settings(max_examples=500)
@given(st.tuples(_local, _domain).map("@".join))
@example("info@example.com")
@example("a@" + "b" * 64 + ".com")
@example("a" * 65 + "@b.com")
@example("a@" + ".".join(["b" * 60] * 5) + ".com")
@example("a@xn--fiqs8s.cn")
@example("a@b.test")
@example("a@local")
@example("a@sub.localhost")
def test_an_address_is_judged_as_the_full_check_judges_it(text: str) -> None:
    try:
        full: str | None = FULL.validate_python(text)
    except ValidationError:
        full = None
    if full is not None and len(full) > 254:
        full = None
    try:
        ours: str | None = OURS.validate_python(text)
    except ValidationError:
        ours = None
    assert ours == full
    if is_plain_email(text):
        assert full == text


def test_most_addresses_need_only_the_quick_look() -> None:
    for text in ("info@example.com", "li.wei+crm@mail.company-name.com.cn", "A_b@x1.io"):
        assert is_plain_email(text)
