"""Search: the tokens a name, a phone or a code is found by, and how a query reads as ranges over them.

Tokens stand in an index ordered by their bytes (``COLLATE "C"``) and are found by prefix only, so each place where a
search may start has a token of its own: from there to the end, without spaces, cut at a common length. Names, pinyin,
initials and codes share one space; phones have a mark in front, which no word can have, because words lose punctuation.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from string import ascii_lowercase

from crm.phones import national_number, normalize_phone
from crm.pinyin import readings_of
from crm.traditional import simplified

LONGEST_TOKEN = 32
MOST_STARTS = 24
MOST_SYLLABLE_STARTS = 8
MOST_WORDS = 8
LONGEST_READ = 512
FROM_THE_FRONT = "+"
FROM_THE_END = "-"
NEARLY = "~"
SHORTEST_MISSPELT = 5
LONGEST_MISSPELT = 12
MOST_MISSPELT = 3
SHORTEST_PHONE_START = 3
SHORTEST_PHONE_ENDING = 4
SHORTEST_DIALLED = 9
REMEMBERED = 1024
"""Texts whose reading is kept for a moment, because a name is read for each of the ways in which it is found."""

Range = tuple[str, str]

# Ends of names that say what a company is in law, not who it is. They start no token, and in a query they ask nothing.
LEGAL_FORMS = (
    "股份有限公司", "有限责任公司", "有限公司", "股份公司", "集团公司", "总公司", "分公司", "公司", "集团", "股份",
    "有限", "有限合伙", "合伙企业", "个体工商户", "有限責任公司", "集團", "株式会社", "株式會社",
    "co", "company", "corp", "corporation", "inc", "incorporated", "ltd", "limited", "llc", "llp", "lp", "plc", "pte",
    "pty", "gmbh", "ag", "kg", "sa", "sas", "sarl", "srl", "bv", "nv", "ab", "oy", "kk", "group",
)  # fmt: skip

_ALONE = "\u3005\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_UNITS = re.compile(f"[{_ALONE}]|[^ {_ALONE}]+")
_LEGAL_UNITS = frozenset(tuple(_UNITS.findall(form)) for form in LEGAL_FORMS)
_LEGAL_SIZES = sorted({len(units) for units in _LEGAL_UNITS}, reverse=True)
_LEGAL_ENDS = frozenset(units[-1] for units in _LEGAL_UNITS)
_LEGAL_WORDS = frozenset(LEGAL_FORMS)
_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MARKS = re.compile("[\u0300-\u036f]")
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_JOINERS = frozenset("'’‘`´ʼ.")  # O'Brien, Xi'an and S.A. are one word each


class _Cleaning(dict[int, str]):
    """What becomes of each character in a name: letters, digits and marks stay, all else is a space or nothing."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in _JOINERS or category in {"Cf", "Cs"} or code & 0xFFFE == 0xFFFE:
            kept = ""
        elif category[0] in "PSZ" or category == "Cc":
            kept = " "
        else:
            kept = character
        self[code] = kept
        return kept


_cleaning = _Cleaning()


@lru_cache(maxsize=REMEMBERED)
def normalized(name: str) -> str:
    """The name for comparing: NFKC, case-folded, half-width, no punctuation, single spaces. Doing it twice is once."""
    if name.isascii():
        return " ".join(name.lower().translate(_cleaning).split())
    while True:
        again = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        again = " ".join(again.translate(_cleaning).split())
        if again == name:
            return name
        name = again


@lru_cache(maxsize=REMEMBERED)
def _folded(text: str) -> str:
    """Without accents on letters, in simplified characters: what is searched, on both sides."""
    return text if text.isascii() else simplified(_bare(text))


def _bare(text: str) -> str:
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text.translate(_STROKES)))
    return unicodedata.normalize("NFC", bare)


def _spellings(text: str) -> list[str]:
    """A normalized text as it may be spelled without accents: müller is muller and mueller."""
    plain, spelled = _folded(text), text.translate(_UMLAUTS)
    return [plain] if spelled == text else list(dict.fromkeys((plain, _folded(spelled))))


@lru_cache(maxsize=REMEMBERED)
def _parted(text: str) -> tuple[tuple[str, ...], int]:
    """The units of a text, and how many of them come before the legal forms at its end."""
    units = tuple(_UNITS.findall(text))
    return units, _core(units)


def _core(units: tuple[str, ...]) -> int:
    """How many units come before the legal forms at the end. A name that is nothing else keeps all of it."""
    end, shorter = len(units), True
    while shorter and end and units[end - 1] in _LEGAL_ENDS:
        shorter = False
        for size in _LEGAL_SIZES:
            if size <= end and units[end - size : end] in _LEGAL_UNITS:
                end, shorter = end - size, True
                break
    return end or len(units)


def _tails(units: tuple[str, ...] | list[str], starts: int) -> set[str]:
    """From each of the first ``starts`` units to the end, cut at the common length."""
    whole, tokens, at = "".join(units), set(), 0
    for unit in units[:starts]:
        tokens.add(whole[at : at + LONGEST_TOKEN])
        at += len(unit)
    return tokens


def tokens_of_name(name: str) -> frozenset[str]:
    """What a name is found by: from each word or Chinese character on; in pinyin and initials from each syllable on.

    Names that can be read in two ways have both readings, and those of both scripts: 乾 alone is qian, but stands for
    干, which is gan. At most some hundred tokens, however long the name.
    """
    tokens: set[str] = set()
    whole = normalized(name[:LONGEST_READ])
    for text in _spellings(whole):
        units, core = _parted(text)
        tokens |= _tails(units, min(core, MOST_STARTS))
        if not _HAN.search(text):
            continue
        heard = units[: MOST_SYLLABLE_STARTS + LONGEST_TOKEN]
        starts = min(core, MOST_SYLLABLE_STARTS)
        # One character per unit, so that places agree; a Latin word inside is a gap that no Chinese word spans.
        spoken = "".join(unit if len(unit) == 1 else " " for unit in heard)
        for reading in {*readings_of(spoken), *_readings_as_written(whole, spoken)}:
            syllables = [unit if sound == " " else sound for unit, sound in zip(heard, reading, strict=True)]
            initials = [unit if sound == " " else sound[0] for unit, sound in zip(heard, reading, strict=True)]
            tokens |= _tails(syllables, starts)
            tokens |= _tails(initials, starts)
    return frozenset(tokens)


def _readings_as_written(whole: str, spoken: str) -> list[tuple[str, ...]]:
    """How the same characters are read in the script they were written in, where that is another one."""
    written = _bare(whole)
    if written == simplified(written):
        return []
    heard = "".join(unit if len(unit) == 1 else " " for unit in _UNITS.findall(written)[: len(spoken)])
    return readings_of(heard) if simplified(heard) == spoken else []


def core_of_name(name: str) -> str:
    """A name without its legal form, accents and spaces: what two spellings of one company's name have in common."""
    units, core = _parted(_folded(normalized(name[:LONGEST_READ])))
    return "".join(units[:core])


def tokens_of_phone(phone: str) -> frozenset[str]:
    """What a phone is found by: its last digits, and its first without the country. Any form; E.164 is the quickest."""
    e164 = phone if phone.startswith("+") and phone[1:].isdecimal() else normalize_phone(phone)
    digits = (e164[1:] if e164 and e164.isascii() else _digits(e164 or phone))[:LONGEST_TOKEN]
    if len(digits) < SHORTEST_PHONE_START:
        return frozenset()
    front = (national_number(e164) if e164 else None) or digits.lstrip("0")
    return frozenset({FROM_THE_END + digits[::-1], FROM_THE_FRONT + front})


def tokens_of_code(code: str) -> frozenset[str]:
    """What a number or code is found by: its beginning in lower case, and each part after a separator."""
    return frozenset(_tails(_folded(normalized(code[:LONGEST_READ])).split(), MOST_SYLLABLE_STARTS))


def prefix_ranges(query: str) -> list[list[Range]]:
    """A query as one list of ranges per word. Every word must match, by any one of its ranges.

    A range ``(start, end)`` asks for ``token >= start AND token < end``. Digits may be a phone's first three or more
    or its last four or more, and are text as well. Legal forms beside another word ask nothing. A query with no
    letter and no digit gives an empty list: it asks for nothing in particular.
    """
    words = _joined_digits(normalized(query[:LONGEST_READ]).split())
    asked = [word for word in words if word not in _LEGAL_WORDS] or words
    asked = list(dict.fromkeys(asked))[:MOST_WORDS]
    before = {word: previous for previous, word in pairwise(asked)}
    alternatives = (_alternatives(word, before.get(word)) for word in asked)
    return [ranges for ranges in alternatives if ranges]


def _alternatives(word: str, previous: str | None) -> list[Range]:
    prefixes = [spelling[:LONGEST_TOKEN] for spelling in _spellings(word)]
    if "ü" in word:
        prefixes.append(_folded(word.replace("ü", "v"))[:LONGEST_TOKEN])
    if previous is not None and any(form.startswith(word) for form in LEGAL_FORMS):
        # "acme corpo": what may become a legal form has no token of its own, only one with the word before it.
        prefixes += [spelling[:LONGEST_TOKEN] for spelling in _spellings(previous + word)]
    if word.isascii() and word.isdecimal():
        prefixes += _phone_prefixes(word)
    return [(prefix, _after(prefix)) for prefix in dict.fromkeys(prefixes) if prefix]


def _phone_prefixes(digits: str) -> list[str]:
    dialled, prefixes = digits.lstrip("0"), []
    if len(dialled) >= SHORTEST_PHONE_START:
        prefixes.append(FROM_THE_FRONT + dialled)
        if dialled.startswith("86") and len(dialled) >= SHORTEST_PHONE_START + 2:
            prefixes.append(FROM_THE_FRONT + dialled[2:])
    if len(digits) >= SHORTEST_PHONE_ENDING:
        prefixes.append(FROM_THE_END + digits[::-1])
    if dialled != digits and len(dialled) >= SHORTEST_DIALLED:
        # 010-6234 5678 and 0086 138…: the zeros are dialled and are no part of the number.
        prefixes.append(FROM_THE_END + dialled[::-1])
    return [prefix[: LONGEST_TOKEN + 1] for prefix in prefixes]


def _joined_digits(words: list[str]) -> list[str]:
    """Groups of digits that follow each other are one number: 138 1234 5678."""
    joined: list[str] = []
    for word in words:
        number = word.isascii() and word.isdecimal()
        if number and joined and joined[-1].isascii() and joined[-1].isdecimal():
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _digits(text: str) -> str:
    return "".join(
        str(unicodedata.digit(character)) for character in text if unicodedata.digit(character, None) is not None
    )


def _after(prefix: str) -> str:
    """The first text, by code point, that is greater than every text starting with ``prefix``.

    There is always one, because cleaning leaves out U+10FFFF with the other noncharacters.
    """
    last = ord(prefix[-1])
    return prefix[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)


def tokens_of_spelling(name: str) -> frozenset[str]:
    """What a misspelt Latin word of a name is found by: each as a whole. A query tries what it may mean."""
    words = [word for word in _words(name) if len(word) >= SHORTEST_MISSPELT]
    return frozenset(NEARLY + word[:LONGEST_MISSPELT] for word in words[:MOST_MISSPELT])


def misspelt_ranges(query: str) -> list[list[Range]] | None:
    """``prefix_ranges``, where each Latin word may have one letter wrong, missing, too many or swapped with the next.

    None where there is no such word. There are hundreds of ranges, each of one token, for each such word.
    """
    ranges, found = prefix_ranges(query), False
    for asked in ranges:
        word = asked[0][0]
        if word.isascii() and word.isalpha() and len(word) >= SHORTEST_MISSPELT - 1:
            asked += [one_token(NEARLY + meant) for meant in sorted(_meant(word))]
            found = True
    return ranges if found else None


def one_token(token: str) -> Range:
    """The range that holds this token only, since none has a character below a space."""
    return token, token + "\x01"


def _words(name: str) -> list[str]:
    """The Latin words of a name before its legal form."""
    units, core = _parted(_folded(normalized(name[:LONGEST_READ])))
    return [unit for unit in units[:core] if unit.isascii() and unit.isalpha()]


def _meant(word: str) -> set[str]:
    """The words, as far as they are looked at, of which this one is one letter away; itself too."""
    word = word[: LONGEST_MISSPELT + 2]
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    meant = {word}
    meant.update(left + right[1:] for left, right in parts if right)
    meant.update(left + right[1] + right[0] + right[2:] for left, right in parts if len(right) > 1)
    meant.update(left + letter + right[1:] for left, right in parts if right for letter in ascii_lowercase)
    meant.update(left + letter + right for left, right in parts for letter in ascii_lowercase)
    return {one[:LONGEST_MISSPELT] for one in meant if len(one) >= SHORTEST_MISSPELT}
