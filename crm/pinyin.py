"""How Chinese names sound: toneless pinyin, with every reading someone may search by.

The words and characters come from pypinyin's dictionaries; its own reader is too slow to run on each saved name, so the
longest-word-first reading is done here over its words. What the dictionaries get wrong for names stands in
the four tables below, and only there.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain, product

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

# A surname at the start of a name, read as a surname (domain.md B12). The dictionary's reading is kept beside it.
SURNAMES = {
    "万俟": "mo qi", "单于": "chan yu", "尉迟": "yu chi", "尉遲": "yu chi", "长孙": "zhang sun", "長孫": "zhang sun",
    "澹台": "tan tai", "令狐": "ling hu", "单": "shan", "單": "shan", "曾": "zeng", "仇": "qiu", "解": "xie",
    "区": "ou", "區": "ou", "任": "ren", "盖": "ge", "蓋": "ge", "朴": "piao", "查": "zha", "翟": "zhai", "乐": "yue",
    "樂": "yue", "缪": "miao", "繆": "miao", "洗": "xian", "召": "shao", "折": "she", "员": "yun", "員": "yun",
    "贠": "yun", "秘": "bi", "种": "chong", "句": "gou", "那": "na", "覃": "qin", "隗": "wei", "祭": "zhai", "宓": "fu",
    "郗": "chi", "谌": "shen", "諶": "shen", "黑": "he",
}  # fmt: skip

# Words that are read in two ways, wherever they stand: the reading that the dictionary does not put first.
WORDS = {"朝阳": "chao yang", "朝陽": "chao yang", "六安": "liu an"}

# Offices, which in names are the end of a place and the start of a word: 西安市|长安区.
NOT_IN_NAMES = frozenset({"省长", "市长", "州长", "县长", "区长", "镇长"})

# Characters that company names use in either reading. They apply where no known word decides.
CHARACTERS = {
    "重": "zhong chong", "长": "chang zhang", "長": "chang zhang", "厦": "xia sha", "廈": "xia sha", "行": "xing hang",
    "乐": "le yue", "樂": "le yue", "朝": "chao zhao", "藏": "cang zang", "晟": "sheng cheng", "莞": "guan wan",
    "佛": "fo fu", "都": "du dou", "会": "hui kuai", "區": "qu ou",
}  # fmt: skip

_LONGEST_WORD = 4
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))


@cache
def _toneless(syllable: str) -> str:
    bare = unicodedata.normalize("NFC", unicodedata.normalize("NFD", syllable).translate(_TONES))
    return bare.replace("ü", "v").replace("ê", "e")


@lru_cache(maxsize=16_384)
def _character(character: str) -> tuple[str, ...]:
    """The readings of one character alone; itself, where it has none."""
    if either := CHARACTERS.get(character):
        return tuple(either.split())
    return (_first_reading(character),)


@lru_cache(maxsize=65_536)
def _first_reading(character: str) -> str:
    known: str | None = PINYIN_DICT.get(ord(character))
    return _toneless(known.split(",")[0]) if known else character


@cache
def _words() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The dictionary's words of up to four characters, for each character its readings. Made once, when first needed.

    Words that read as their characters do are kept too: they keep a word across them from being seen where it is not
    (in 工会|计划 there is no 会计, in 广州|长安 no 州长).
    """
    words: dict[str, tuple[tuple[str, ...], ...]] = {
        word: tuple(_alone(_toneless(readings[0])) for readings in syllables)
        for word, syllables in PHRASES_DICT.items()
        if 1 < len(word) <= _LONGEST_WORD and len(word) == len(syllables) and word not in NOT_IN_NAMES
    }
    for word, reading in WORDS.items():
        plain = [options[0] for options in words.get(word, ())] or [_first_reading(character) for character in word]
        words[word] = tuple(_distinct(pair) for pair in zip(reading.split(), plain, strict=True))
    return words


@cache
def _alone(syllable: str) -> tuple[str, ...]:
    return (syllable,)


def _distinct(readings: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(readings))


def options_of(text: str) -> list[tuple[str, ...]]:
    """For each character of ``text`` the readings it may have there; a character without any stands for itself."""
    words, at = _words(), 0
    options: list[tuple[str, ...]] = []
    while at < len(text):
        for size in range(min(_LONGEST_WORD, len(text) - at), 1, -1):
            if known := words.get(text[at : at + size]):
                options.extend(known)
                at += size
                break
        else:
            options.append(_character(text[at]))
            at += 1
    for surname in (text[:2], text[:1]):
        if reading := SURNAMES.get(surname):
            for place, syllable in enumerate(reading.split()):
                options[place] = _distinct((syllable, *options[place], _first_reading(text[place])))
    return options


def readings_of(text: str, *, forks: int = 2) -> list[tuple[str, ...]]:
    """Every way to read ``text``, one syllable per character, the likeliest first.

    Only the first ``forks`` characters with several readings fork; later ones keep their first reading, so that a long
    name has a bounded number of readings.
    """
    options = options_of(text)
    if all(len(choice) == 1 for choice in options):
        return [tuple(chain.from_iterable(options))]
    for place, choice in enumerate(options):
        if len(choice) > 1:
            if forks == 0:
                options[place] = choice[:1]
            else:
                forks -= 1
    return list(product(*options))
