"""The advice shipped, step by step (``domain.md`` A199-A203, B7; ISO 10002 clause 7), in English and Chinese.

A202, to overrule the customer by authority, is left out on purpose: it is neither objective nor kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm.complaints.vocabulary import Step

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
"""The forbidden sentences (A200)."""

DEFAULTS: Mapping[Step, Advice] = MappingProxyType(
    {
        "receive": Advice(
            ("Take the complaint", "受理投诉"),
            (
                ("Let them speak to the end. Do not interrupt; show that you listen.", "让客户把话说完，不打断，并表示您在倾听。"),
                ("Say that you are sorry for the trouble, before asking anything.", "先为带来的不便致歉，再提问。"),
                ("Ask what they want first: what would put this right?", "先问客户希望怎样解决。"),
                ("Note what, when, where, which product and lot, who was there.", "记录：何事、何时、何地、何产品及批号、涉及何人。"),
                ("Repeat it in your own words, until they agree that you have it.", "复述要点，直至客户确认无误。"),
                ("Give the number, and say who answers by when.", "告知投诉编号、负责人及回复时间。"),
            ),
            NEVER_SAY,
        ),
        "acknowledge": Advice(
            ("Acknowledge it", "确认收到"),
            (
                ("Call rather than write, when they are angry.", "客户情绪激动时，以电话代替文字。"),
                ("Give your name, the number of the complaint and how to reach you.", "告知您的姓名、投诉编号和联系方式。"),
                ("Say what happens next, and by when they hear from you.", "说明下一步安排和回复时间。"),
                ("Do not judge yet who is right.", "此时不评判对错。"),
            ),
            (
                *NEVER_SAY,
                ("This is not my department.", "这不归我们部门管。"),
            ),
        ),
        "assess": Advice(
            ("Assess it", "评估"),
            (
                ("Is anybody in danger? Then it is critical, whatever else is true.", "是否涉及人身安全？如是，一律定为最高级。"),
                ("How many others may have the same trouble?", "是否可能影响其他客户？"),
                ("Has this customer complained of it before?", "该客户此前是否投诉过同样的问题？"),
                ("Judge by the harm done, not by how loud they were.", "按损害程度评估，不以情绪高低为准。"),
            ),
        ),
        "assign": Advice(
            ("Find who looks into it", "指派负责人"),
            (
                ("Never the person it is about.", "绝不指派给被投诉人。"),
                ("Someone who may decide, or is close to whoever may.", "选择有权处理或能直接请示的人。"),
                ("Tell the customer the name, if it is another one by now.", "如更换负责人，告知客户新负责人的姓名。"),
            ),
        ),
        "investigate": Advice(
            ("Look into it", "调查"),
            (
                ("Hear both sides; look at the thing itself where you can.", "听取双方说法，尽可能查看实物。"),
                ("Ask why until the answer is a cause and not a name.", "追问原因，直到找到原因而不是责任人。"),
                ("Tell the customer how far you are before they have to ask.", "在客户询问之前主动告知进展。"),
                ("Keep what you learn of them to this case.", "客户信息仅用于处理本投诉。"),
            ),
        ),
        "wait_customer": Advice(
            ("Ask the customer for something", "等待客户"),
            (
                ("Ask for everything you need at once.", "一次性说明所需的全部资料。"),
                ("Say why you need it, and how to send it.", "说明用途及提交方式。"),
                ("Agree when you call again if nothing comes.", "约定未收到时的再次联系时间。"),
            ),
        ),
        "resume": Advice(
            ("Go on with it", "继续处理"),
            (
                ("Say that you have it, and thank them.", "告知已收到并致谢。"),
                ("Say anew by when they hear from you.", "重新告知回复时间。"),
            ),
        ),
        "propose": Advice(
            ("Propose a solution", "提出方案"),
            (
                ("Answer what they asked for first; then say what you add.", "先回应客户的诉求，再补充我方方案。"),
                ("If you cannot give it, have something that is worth as much to them.", "如无法满足，准备对客户同等价值的替代方案。"),
                ("Say what it costs, and what keeps it from happening again.", "说明费用以及防止再次发生的措施。"),
            ),
        ),
        "approve": Advice(
            ("Approve the solution", "审批方案"),
            (
                ("Would you accept it in their place?", "换位思考：您会接受吗？"),
                ("Does it fit what others got in the same case?", "与同类投诉的处理是否一致？"),
                ("Decide today: waiting makes it dearer.", "当日决定，拖延只会增加代价。"),
            ),
        ),
        "send_back": Advice(
            ("Send the solution back", "退回方案"),
            (
                ("Say what is missing, so that once is enough.", "说明缺少什么，避免多次退回。"),
                ("Mind the promise: tell the customer if it takes longer.", "注意时限，如需延长应告知客户。"),
            ),
        ),
        "communicate": Advice(
            ("Tell the customer", "告知客户"),
            (
                ("Speak to them in person; write it down afterwards.", "当面或电话沟通，随后书面确认。"),
                ("If it was our fault, say so and ask pardon sincerely.", "如属我方责任，坦诚承认并真诚道歉。"),
                ("Say what was wrong, what we do, and by when.", "说明问题所在、处理措施和完成时间。"),
                ("Ask whether this solves it for them, and wait for the answer.", "询问是否满意，并等待答复。"),
            ),
            (
                *NEVER_SAY,
                ("That is our final word.", "这是我们的最终决定。"),
                ("Others are content with that.", "别的客户都能接受。"),
            ),
        ),
        "accept": Advice(
            ("The customer accepts", "客户接受"),
            (
                ("Repeat what was agreed, and by when.", "复述约定内容和时间。"),
                ("Give whoever carries it out the whole story, so that nobody asks again.", "向执行人完整交接，避免客户重复说明。"),
                ("Thank them for telling us: most say nothing, and leave.", "感谢客户反馈：多数人不说就离开了。"),
            ),
        ),
        "refuse": Advice(
            ("The customer refuses", "客户不接受"),
            (
                ("Ask what is missing, and listen as at the first time.", "询问哪里不足，如同首次受理般倾听。"),
                ("Do not defend the solution.", "不为方案辩护。"),
                ("Say who looks at it now, and by when.", "告知由谁重新处理及时间。"),
            ),
            NEVER_SAY,
        ),
        "implement": Advice(
            ("Carry it out", "执行方案"),
            (
                ("Tell the customer when it begins.", "开始执行时告知客户。"),
                ("If a date slips, call before it has passed.", "如需延期，在到期前致电说明。"),
                ("Do the corrective action too, not the remedy alone.", "除补救外，同时落实纠正措施。"),
            ),
        ),
        "resolve": Advice(
            ("Say that it is done", "确认解决"),
            (
                ("Look for yourself that everything promised was done.", "亲自核实承诺事项均已完成。"),
                ("Write down the cause, and what keeps it away.", "记录根本原因和预防措施。"),
                ("Agree on a day for the return visit.", "约定回访时间。"),
            ),
        ),
        "close": Advice(
            ("Return visit", "回访"),
            (
                ("Ask whether it is still solved, not whether they are content.", "询问问题是否仍已解决，而不只是“满意吗”。"),
                ("Ask what else is on their mind.", "询问是否还有其他问题。"),
                ("Nobody there? Try at other hours: three times in seven working days.", "无人接听时换时段再试：七个工作日内三次。"),
                ("Say that they may be asked how it went, and thank them.", "告知可能收到满意度调查，并致谢。"),
            ),
        ),
        "reject": Advice(
            ("Reject it", "不予受理"),
            (
                ("Give the reason with the facts, not with the rule alone.", "以事实说明理由，而不只是引用规定。"),
                ("Name what they can do still: who else decides, and how to reach them.", "告知其他解决途径及联系方式。"),
                ("Offer what you can do, even if you owe nothing.", "即使并无责任，也提供力所能及的帮助。"),
            ),
            (
                *NEVER_SAY,
                ("Those are the rules.", "规定就是这样。"),
            ),
        ),
        "withdraw": Advice(
            ("The customer withdraws it", "客户撤回"),
            (
                ("Ask why: solved by itself, or given up?", "询问原因：是已解决，还是放弃了？"),
                ("If they gave up, offer to go on.", "如客户已失望，表示愿意继续处理。"),
                ("Look into the cause all the same, where others may be hit.", "如可能影响他人，仍应查明原因。"),
            ),
        ),
        "reopen": Advice(
            ("Open it again", "重新打开"),
            (
                ("Apologise that it was not solved the first time.", "为首次未能解决致歉。"),
                ("Do not have them tell it all again: read it first.", "先阅读记录，不让客户重复说明。"),
                ("Ask what is different from what was agreed.", "询问与约定有何不同。"),
                ("Tell your manager today.", "当日告知上级。"),
            ),
            NEVER_SAY,
        ),
        "update": Advice(
            ("Say how far it is", "告知进展"),
            (
                ("Call even when there is nothing new: silence is what hurts.", "即使没有新进展也要联系：沉默最伤人。"),
                ("Say what was done since, what is next, and by when.", "说明已完成事项、下一步和时间。"),
            ),
        ),
        "escalate": Advice(
            ("It takes too long", "升级处理"),
            (
                ("Read the whole case before you call.", "致电前通读全部记录。"),
                ("Call the customer yourself, and give a day you will keep.", "亲自致电客户，并给出能够兑现的时间。"),
                ("Take away what stands in the way of the one who has it.", "为负责人扫清障碍。"),
            ),
            (("I will look into it.", "我了解一下再说。"),),
        ),
    }
)  # fmt: skip
