"""The advice shipped for the end, and for what may come in between."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.advice.saying import NEVER_SAY, Advice
from crm.complaints.vocabulary import Step

ENDING: Mapping[Step, Advice] = MappingProxyType(
    {
        "resolve": Advice(
            ("Say that it is done", "确认解决"),
            (
                ("Look for yourself that everything promised was done.", "亲自核实承诺事项均已完成。"),
                ("Write down the cause, and what keeps it away.", "记录根本原因和预防措施。"),
                ("Agree on a day for the return visit.", "约定回访时间。"),
            ),
        ),
        "attempt": Advice(
            ("Nobody was reached", "未能联系上"),
            (
                ("Write down when you tried, and how.", "记录尝试的时间和方式。"),
                ("Try at another hour and another way before you give up.", "放弃之前换时段、换方式再试。"),
                (
                    "Leave word who called, and how to call back; no details to others.",
                    "留言说明来电人和回拨方式，不向他人透露详情。",
                ),
            ),
        ),
        "close": Advice(
            ("Return visit", "回访"),
            (
                (
                    "Ask whether it is still solved, not whether they are content.",
                    "询问问题是否仍已解决，而不只是“满意吗”。",
                ),
                ("Ask what else is on their mind.", "询问是否还有其他问题。"),
                (
                    "Nobody there? Note the attempt and try at other hours: three times in seven working days.",
                    "无人接听时记录并换时段再试：七个工作日内三次。",
                ),
                ("Say that they may be asked how it went, and thank them.", "告知可能收到满意度调查，并致谢。"),
            ),
        ),
        "reject": Advice(
            ("Reject it", "不予受理"),
            (
                ("Give the reason with the facts, not with the rule alone.", "以事实说明理由，而不只是引用规定。"),
                (
                    "Name what they can do still: who else decides, and how to reach them.",
                    "告知其他解决途径及联系方式。",
                ),
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
        "inform": Advice(
            ("Say how far it is", "告知进展"),
            (
                ("Call even when there is nothing new: silence is what hurts.", "即使没有新进展也要联系：沉默最伤人。"),
                ("Say what was done since, what is next, and by when.", "说明已完成事项、下一步和时间。"),
            ),
        ),
        "reply": Advice(
            ("The customer writes again", "客户再次来信"),
            (
                (
                    "Read all of it, and answer today, if only that it has arrived.",
                    "通读来信，当日回复，哪怕只是告知已收到。",
                ),
                ("Call when they are angrier than before.", "客户情绪加重时，改为电话沟通。"),
                ("If it is another matter, make it another complaint.", "如为另一事项，另行登记投诉。"),
            ),
            NEVER_SAY,
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
)
