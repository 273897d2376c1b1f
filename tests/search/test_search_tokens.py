"""What a saved name, phone or code can be found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.pinyin import readings_of
from crm.search import (
    LONGEST_TOKEN,
    _after,
    misspelt_ranges,
    normalized,
    prefix_ranges,
    tokens_of_code,
    tokens_of_name,
    tokens_of_phone,
    tokens_of_spelling,
)
from crm.traditional import simplified


def finds(query: str, *token_sets: frozenset[str]) -> bool:
    """As the database does it: every word must have a token in one of its ranges, compared by bytes."""
    tokens = [token.encode() for tokens in token_sets for token in tokens]
    words = prefix_ranges(query)
    return bool(words) and all(
        any(start.encode() <= token < end.encode() for start, end in ranges for token in tokens) for ranges in words
    )


@given(st.text(max_size=40))
def test_simplifying_keeps_the_length_and_twice_is_once(text: str) -> None:
    once = simplified(text)
    assert len(once) == len(text)
    assert simplified(once) == once


def test_every_character_has_one_simplest_form() -> None:
    for code in (*range(0x2E80, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x20100)):
        once = simplified(chr(code))
        assert simplified(once) == once


CHANGAN = "重庆长安汽车股份有限公司"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("cqca", CHANGAN),
        ("changan", CHANGAN),
        ("chang an", CHANGAN),
        ("caqc", CHANGAN),
        ("qiche", CHANGAN),
        ("长安", CHANGAN),
        ("重庆 汽车", CHANGAN),
        ("长安 有限公司", CHANGAN),
        ("重庆长安汽车股份有限公司", CHANGAN),
        ("ＣＱＣＡ", CHANGAN),
        ("单雄信", "單雄信"),
        ("單雄信", "单雄信"),
        ("長安", CHANGAN),
        ("重庆长安", "重慶長安汽車股份有限公司"),
        ("cqca", "重慶長安汽車股份有限公司"),
        ("台积电", "臺積電"),
        ("臺積電", "台积电"),
        ("qianlong", "乾隆茶行"),
        ("乾隆", "乾隆茶行"),
        ("shan", "單雄信"),
        ("dxx", "單雄信"),
        ("shan", "单雄信"),
        ("sxx", "单雄信"),
        ("dan", "单雄信"),
        ("dxx", "单雄信"),
        ("zeng", "曾国藩"),
        ("zgf", "曾国藩"),
        ("ceng", "曾国藩"),
        ("yuchi", "尉迟恭"),
        ("ycg", "尉迟恭"),
        ("moqi", "万俟卨"),
        ("chanyu", "单于飞"),
        ("shanyu", "单于飞"),
        ("qiuying", "仇英"),
        ("xiejin", "解缙"),
        ("chaoyang", "朝阳轮胎"),
        ("zhaoyang", "朝阳轮胎"),
        ("chaoyang", "北京市朝阳区医院"),
        ("zhaoyang", "北京朝阳银行"),
        ("chongqing", "重庆银行"),
        ("zhongqi", "中国重汽集团"),
        ("changsha", "长沙银行"),
        ("changan", "广州长安科技"),
        ("changan", "西安市长安区医院"),
        ("changxin", "长鑫存储"),
        ("xiamen", "厦门航空"),
        ("xiagong", "厦工机械"),
        ("yinhang", "成都银行"),
        ("shanghang", "永兴商行"),
        ("lvdi", "绿地集团"),
        ("lüdi", "绿地集团"),
        ("tclkj", "TCL科技集团"),
        ("kjjt", "TCL科技集团"),
        ("xi'an", "西安银行"),
        ("acme", "Acme Corporation"),
        ("acme corp", "Acme Corporation"),
        ("acme corpo", "Acme Corporation"),
        ("acme ltd", "Acme Trading (Shanghai) Co., Ltd."),
        ("trad", "Acme Trading (Shanghai) Co., Ltd."),
        ("shanghai acme", "Acme Trading (Shanghai) Co., Ltd."),
        ("muller", "Müller GmbH"),
        ("mueller", "Müller GmbH"),
        ("müller", "Müller GmbH"),
        ("MÜLLER", "Mueller GmbH"),
        ("Müller", "Muller GmbH"),
        ("o'brien", "O’Brien & Sons"),
        ("obrien", "O'Brien & Sons"),
        ("張", "張三丰"),
        ("电子", "삼성电子"),
        ("전자", "삼성전자"),
        ("吐尔逊", "买买提·吐尔逊"),
    ],
)
def test_a_name_is_found_by_what_people_type(query: str, name: str) -> None:
    assert finds(query, tokens_of_name(name))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("有限公司", CHANGAN),
        ("公司", CHANGAN),
        ("youxian", CHANGAN),
        ("gfyx", CHANGAN),
        ("corporation", "Acme Corporation"),
        ("ltd", "Acme Co., Ltd."),
        ("acme corpus", "Acme Corporation"),
        ("cme", "Acme Corporation"),
        ("kuaiji", "工会计划"),
        ("长安 北京", CHANGAN),
        ("duan", "单雄信"),
    ],
)
def test_a_name_is_not_found_by_its_legal_form_nor_by_what_is_not_there(query: str, name: str) -> None:
    assert not finds(query, tokens_of_name(name))


def test_a_name_that_is_only_a_legal_form_is_still_found() -> None:
    assert finds("集团", tokens_of_name("集团"))
    assert finds("group", tokens_of_name("Group Ltd"))


def test_an_ordinary_company_name_makes_at_most_three_tokens_per_character_that_matters() -> None:
    assert len(tokens_of_name("华为技术有限公司")) == 12
    assert len(tokens_of_name("浙江海康威视数字")) <= 24


@pytest.mark.parametrize(
    "name",
    ["单朝乐行" * 50, "重庆长安汽车" * 33, "a " * 100, "ab" * 100, "单" + "长" * 199, "ä " * 100, "A长" * 100],
)
def test_a_name_of_200_characters_makes_a_bounded_number_of_short_tokens(name: str) -> None:
    tokens = tokens_of_name(name)
    assert 0 < len(tokens) <= 180
    assert max(map(len, tokens)) <= LONGEST_TOKEN


def test_a_query_longer_than_any_token_still_finds_its_name() -> None:
    name = "中华人民共和国" * 8
    assert finds(name, tokens_of_name(name))
    assert finds("zhonghuarenmingongheguo" * 4, tokens_of_name(name))


@pytest.mark.parametrize("name", ["", "  ", "—…!", "\x00", "\ud800", "™", "\U0010ffff", "\u0301"])
def test_odd_names_make_no_unfit_token(name: str) -> None:
    assert all(token and "\x00" not in token and token.encode() for token in tokens_of_name(name))


@pytest.mark.parametrize("query", ["", "   ", "!?…", "--", "（）", "\x00", "\ud800", "\U0010ffff", "\u0301"])
def test_a_query_without_letters_or_digits_asks_nothing(query: str) -> None:
    assert prefix_ranges(query) == []


@pytest.mark.parametrize(
    ("query", "phone"),
    [
        ("5678", "+8613812345678"),
        ("345678", "+8613812345678"),
        ("139", "+8613900001111"),
        ("1381234", "+8613812345678"),
        ("13812345678", "+8613812345678"),
        ("138 1234 5678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("0086-138-1234-5678", "+8613812345678"),
        ("010-62345678", "+861062345678"),
        ("010 6234", "+861062345678"),
        ("62345678", "+861062345678"),
        ("0678", "+8613812340678"),
        ("5678", "138 1234 5678"),
        ("4321", "nr 87654321"),
    ],
)
def test_a_phone_is_found_by_its_last_or_first_digits(query: str, phone: str) -> None:
    assert finds(query, tokens_of_phone(phone))


@pytest.mark.parametrize(
    ("query", "phone"), [("678", "+8613812345678"), ("2345", "+8613812345678"), ("8765", "+8613812345678")]
)
def test_a_phone_is_not_found_by_three_last_digits_or_by_its_middle(query: str, phone: str) -> None:
    assert not finds(query, tokens_of_phone(phone))


def test_a_phone_never_answers_as_a_name_would() -> None:
    assert all(token[0] in "+-" for token in tokens_of_phone("+8613812345678"))
    assert tokens_of_phone("") == tokens_of_phone("n/a") == frozenset()


def test_a_query_may_mix_a_name_and_the_start_or_end_of_a_phone() -> None:
    customer = tokens_of_name(CHANGAN), tokens_of_phone("+8613900001234")
    assert finds("长安 139", *customer)
    assert finds("cqca 1234", *customer)
    assert not finds("长安 138", *customer)


def test_digits_are_also_part_of_a_name() -> None:
    assert finds("3721", tokens_of_name("3721网络"))
    assert finds("1688", tokens_of_name("Studio 1688"))


@pytest.mark.parametrize("query", ["91350100M0", "91350100m000100y43", "9135"])
def test_a_code_is_found_by_its_beginning(query: str) -> None:
    assert finds(query, tokens_of_code("91350100M000100Y43"))


def test_a_code_is_found_by_its_parts() -> None:
    tokens = tokens_of_code("CUS-2026-0017")
    for query in ("cus", "CUS-2026", "cus-2026-0017", "2026-0017", "0017"):
        assert finds(query, tokens)
    assert not finds("17", tokens)


def test_both_readings_come_with_the_likelier_first() -> None:
    assert readings_of("单雄信") == [("shan", "xiong", "xin"), ("dan", "xiong", "xin")]
    assert readings_of("重庆长安") == [("chong", "qing", "chang", "an")]


@given(st.text())
def test_normalizing_twice_is_normalizing_once(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_normalized_as_every_other_text_is(text: str) -> None:
    assert normalized(f"{text} 王") == f"{normalized(text)} 王".strip(), "the quick way, and the long one"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("　ＡＢＣ　（中国）", "abc 中国"),
        ("Straße", "strasse"),
        ("Co., Ltd.", "co ltd"),
        ("Ａ\u200bB\tc", "ab c"),
        ("O’Brien", "obrien"),
        ("Müller", "müller"),
    ],
)
def test_a_name_is_normalized_to_half_width_lower_case_words(text: str, plain: str) -> None:
    assert normalized(text) == plain


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\U0010ffff"), min_size=1), st.text()
)
def test_a_range_holds_exactly_what_starts_with_its_prefix(prefix: str, other: str) -> None:
    start, end = prefix.encode(), _after(prefix).encode()
    for text in (prefix, prefix + other, other):
        code = text.encode(errors="ignore")
        assert (start <= code < end) == code.startswith(start)


@given(st.lists(st.sampled_from("重庆长安汽车单曾朝阳银行科技厦门乐"), min_size=1, max_size=10).map("".join), st.data())
def test_any_part_of_a_chinese_name_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert finds(name[start:end], tokens_of_name(name))


@given(st.text(max_size=250))
def test_no_text_breaks_the_tokens_or_the_query(text: str) -> None:
    for token in tokens_of_name(text) | tokens_of_phone(text) | tokens_of_code(text):
        token.encode()
        assert token
        assert "\x00" not in token
    for ranges in prefix_ranges(text):
        assert all(start < end for start, end in ranges)
        assert all((start + end).encode() for start, end in ranges)


@given(st.text("abcdefgh", min_size=5, max_size=12), st.data())
def test_two_words_one_letter_apart_have_a_spelling_in_common(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    wrong = data.draw(
        st.sampled_from(
            [
                word[:at] + "x" + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + "x" + word[at:],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    )
    ranges = misspelt_ranges(wrong)
    assert ranges is not None
    tokens = tokens_of_spelling(word)
    assert any(low <= token < high for token in tokens for low, high in ranges[0])
    assert len(tokens) == 1
