"""The advice shipped: something for every step, in both languages, and nothing that the product must not say."""

from typing import get_args

from crm.advice.defaults import DEFAULTS
from crm.advice.saying import NEVER_SAY
from crm.advice.schemas import AdvicePut
from crm.complaints.vocabulary import Step


def said(step: Step) -> list[tuple[str, str]]:
    """Every sentence of a step."""
    advice = DEFAULTS[step]
    return [advice.title, *advice.checklist, *advice.avoid]


def test_every_step_has_a_short_checklist() -> None:
    assert set(DEFAULTS) == set(get_args(Step))
    assert all(2 <= len(advice.checklist) <= 6 for advice in DEFAULTS.values())


def test_every_sentence_is_there_in_english_and_in_chinese() -> None:
    for step in DEFAULTS:
        for english, chinese in said(step):
            assert english.isascii(), english
            assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), chinese


def test_let_them_speak_ask_what_they_want_first_and_never_say_the_forbidden_sentences() -> None:
    first = DEFAULTS["receive"]
    assert first.checklist[0][0].startswith("Let them speak")
    assert any("what they want first" in english for english, _ in first.checklist)
    assert first.avoid == NEVER_SAY
    assert {"Calm down.", "That is impossible."} <= {english for english, _ in NEVER_SAY}
    for step in ("communicate", "refuse", "reject", "reopen", "acknowledge"):
        assert set(NEVER_SAY) <= set(DEFAULTS[step].avoid)


def test_nobody_is_told_to_overrule_the_customer_or_to_punish_anybody() -> None:
    forbidden = ("authority", "doctor", "penal", "punish", "权威", "处罚")
    for step in DEFAULTS:
        for english, chinese in said(step):
            assert not any(word in english.lower() or word in chinese for word in forbidden), english


def test_what_is_shipped_could_be_sent_by_a_workspace_too() -> None:
    for advice in DEFAULTS.values():
        sent = {
            "checklist": [{"text": text, "text_zh": text_zh} for text, text_zh in advice.checklist],
            "avoid": [{"text": text, "text_zh": text_zh} for text, text_zh in advice.avoid],
        }
        assert AdvicePut.model_validate(sent).model_dump() == sent
