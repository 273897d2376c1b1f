"""What messages say, in the two languages of the product."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. ``{…}`` are filled in."""

    product: str
    many: str
    more: str
    test_subject: str
    test: str
    code_subject: str
    code: str
    turned_off: str
    footer: str


ENGLISH = Words(
    product="Rapport",
    many="{count} reminders",
    more="… and {count} more in your inbox.",
    test_subject="A test from Rapport",
    test="This is a test. Messages from Rapport arrive here.",
    code_subject="Your code for Rapport: {code}",
    code="Enter this code in Rapport within 30 minutes: {code}. If you did not ask for it, you need not do anything.",
    turned_off="Nothing arrives any more over your channel ",
    footer="You get this because you added this channel in Rapport. Turn it off there at any time.",
)

CHINESE = Words(
    product="Rapport",
    many="{count} 条提醒",
    more="……还有 {count} 条，请在收件箱中查看。",
    test_subject="来自 Rapport 的测试消息",
    test="这是一条测试消息。Rapport 的消息可以送达此处。",
    code_subject="您的 Rapport 验证码：{code}",
    code="请在 30 分钟内在 Rapport 中输入验证码：{code}。如非本人操作，请忽略。",
    turned_off="您的通知渠道已停用，消息无法送达：",
    footer="您收到此消息，是因为您在 Rapport 中添加了此渠道。可随时在 Rapport 中停用。",
)


def words_for(language: str) -> Words:
    """The words of a language; English for what we do not speak."""
    return CHINESE if language.startswith("zh") else ENGLISH
