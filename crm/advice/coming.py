"""The advice shipped for the first steps: taking a complaint, and finding out about it."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.advice.saying import NEVER_SAY, Advice
from crm.complaints.vocabulary import Step

COMING: Mapping[Step, Advice] = MappingProxyType(
    {
        "receive": Advice(
            ("Take the complaint", "受理投诉"),
            (
                (
                    "Let them speak to the end. Do not interrupt; show that you listen.",
                    "让客户把话说完，不打断，并表示您在倾听。",
                ),
                ("Say that you are sorry for the trouble, before asking anything.", "先为带来的不便致歉，再提问。"),
                ("Ask what they want first: what would put this right?", "先问客户希望怎样解决。"),
                (
                    "Note what, when, where, which product and lot, who was there.",
                    "记录：何事、何时、何地、何产品及批号、涉及何人。",
                ),
                ("Repeat it in your own words, until they agree that you have it.", "复述要点，直至客户确认无误。"),
                ("Give the number, and say who answers by when.", "告知投诉编号、负责人及回复时间。"),
            ),
            NEVER_SAY,
        ),
        "acknowledge": Advice(
            ("Acknowledge it", "确认收到"),
            (
                ("Call rather than write, when they are angry.", "客户情绪激动时，以电话代替文字。"),
                (
                    "Give your name, the number of the complaint and how to reach you.",
                    "告知您的姓名、投诉编号和联系方式。",
                ),
                ("Say what happens next, and by when they hear from you.", "说明下一步安排和回复时间。"),
                ("Do not judge yet who is right.", "此时不评判对错。"),
            ),
            (
                *NEVER_SAY,
                ("This is not my department.", "这不归我们部门管。"),
            ),
        ),
        "identify": Advice(
            ("Find whose it is", "核实投诉人"),
            (
                (
                    "Ask the customer by a way you know already, not by answering the mail.",
                    "通过已知的联系方式向客户核实，不要直接回复来信。",
                ),
                ("Take it seriously all the same: somebody was not content.", "无论是谁提出，都应认真对待。"),
                ("Tell the customer whose name was used.", "告知被冒名的客户。"),
            ),
        ),
        "assess": Advice(
            ("Assess it", "评估"),
            (
                (
                    "Is anybody in danger? Then it is critical, whatever else is true.",
                    "是否涉及人身安全？如是，一律定为最高级。",
                ),
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
    }
)
