"""What advice is made of, and the sentences that nobody should say to somebody who complains."""

from dataclasses import dataclass

Said = tuple[str, str]
"""A sentence in English, and in Chinese."""


@dataclass(frozen=True)
class Advice:
    """What a step is called, what to do in it, and what not to say."""

    title: Said
    checklist: tuple[Said, ...]
    avoid: tuple[Said, ...] = ()


NEVER_SAY: tuple[Said, ...] = (
    ("You must be wrong.", "您肯定弄错了。"),
    ("You may not understand.", "您可能不明白。"),
    ("That is impossible.", "这绝不可能。"),
    ("We never do that.", "我们从来不会这样。"),
    ("Calm down.", "您先冷静一下。"),
)
"""The forbidden sentences (``domain.md`` A200)."""
