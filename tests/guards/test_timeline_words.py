"""Every kind of fact can be told, in both languages, and every place in a sentence is one that can be filled."""

from typing import get_args

import pytest

from crm.customers.vocabulary import Band
from crm.interactions.vocabulary import Channel, Outcome
from crm.timeline.labels import VALUES
from crm.timeline.telling import PLACES, Told, places_of, sentence
from crm.timeline.words import SENTENCES
from crm.visits.vocabulary import Purpose
from services.api.published import EVENTS


def test_every_kind_of_event_has_its_sentences() -> None:
    assert sorted(EVENTS.keys() - SENTENCES.keys()) == []


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_both_languages_tell_the_same(kind: str) -> None:
    english, chinese = SENTENCES[kind]
    assert sorted(places_of(english)) == sorted(places_of(chinese))
    assert set(places_of(english)) <= PLACES.keys()
    assert english.endswith((".", "{text}"))
    assert english.isascii() or "“" in english
    assert not chinese.isascii()


@pytest.mark.parametrize("kind", sorted(SENTENCES))
@pytest.mark.parametrize("chinese", [False, True])
def test_a_fact_that_says_nothing_can_still_be_told(kind: str, *, chinese: bool) -> None:
    bare = Told(kind, None, {}, {}, None, chinese, "Asia/Shanghai")
    assert "{" not in sentence(bare)


@pytest.mark.parametrize(
    ("field", "words"), [("purpose", Purpose), ("channel", Channel), ("outcome", Outcome), ("band", Band)]
)
def test_every_word_of_a_sentence_is_known_in_both_languages(field: str, words: object) -> None:
    assert sorted(VALUES[field]) == sorted(get_args(words))


def test_a_kind_of_fact_that_nobody_gave_words_is_told_by_its_name() -> None:
    assert sentence(Told("moon.risen", "Ada", {}, {}, None, False, "UTC")) == "Ada: moon risen"
