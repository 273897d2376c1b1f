"""The advice shipped for solving it: what is proposed, decided, told, and said to it."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.advice.saying import NEVER_SAY, Advice
from crm.complaints.vocabulary import Step

SOLVING: Mapping[Step, Advice] = MappingProxyType(
    {
        "propose": Advice(
            ("Propose a solution", "提出方案"),
            (
                ("Answer what they asked for first; then say what you add.", "先回应客户的诉求，再补充我方方案。"),
                (
                    "If you cannot give it, have something that is worth as much to them.",
                    "如无法满足，准备对客户同等价值的替代方案。",
                ),
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
                (
                    "Give whoever carries it out the whole story, so that nobody asks again.",
                    "向执行人完整交接，避免客户重复说明。",
                ),
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
    }
)
