"""How each kind of fact about complaints is told: of whom it is about and of the cause, a timeline says nothing."""

from collections.abc import Mapping
from types import MappingProxyType

COMPLAINTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "complaint.received": ("The complaint {number} came in: {subject}.", "收到投诉 {number}：{subject}。"),
        "complaint.updated": (
            "{actor} changed the complaint {number}: {fields}.",
            "{actor}修改了投诉 {number}：{fields}。",
        ),
        "complaint.acknowledged": (
            "{actor} acknowledged the complaint {number}.",
            "{actor}已向客户确认收到投诉 {number}。",
        ),
        "complaint.identified": (
            "{actor} found whose the complaint {number} is.",
            "{actor}核实了投诉 {number} 的投诉人。",
        ),
        "complaint.unlinked": (
            "{actor} found that the complaint {number} is not this customer's.",
            "{actor}核实投诉 {number} 并非该客户提出。",
        ),
        "complaint.assessed": ("{actor} assessed the complaint {number}.", "{actor}评估了投诉 {number}。"),
        "complaint.severity_changed": (
            "{actor} changed the severity of the complaint {number} to {severity}.",
            "{actor}将投诉 {number} 的严重程度改为{severity}。",
        ),
        "complaint.assigned": (
            "{actor} gave the complaint {number} to {assignee}.",
            "{actor}将投诉 {number} 指派给{assignee}。",
        ),
        "complaint.investigation_started": (
            "{actor} began to investigate the complaint {number}.",
            "{actor}开始调查投诉 {number}。",
        ),
        "complaint.paused": ("The complaint {number} waits for the customer.", "投诉 {number} 等待客户答复。"),
        "complaint.resumed": ("The complaint {number} goes on.", "投诉 {number} 继续处理。"),
        "complaint.customer_informed": (
            "{actor} told the customer how far the complaint {number} is.",
            "{actor}已告知客户投诉 {number} 的进展。",
        ),
        "complaint.customer_replied": (
            "Whoever complained wrote again about the complaint {number}.",
            "投诉人就投诉 {number} 再次来信。",
        ),
        "complaint_form.created": ("{actor} opened the complaint form {name}.", "{actor}创建了投诉表单{name}。"),
        "complaint_form.updated": ("{actor} changed the complaint form {name}.", "{actor}修改了投诉表单{name}。"),
        "complaint_form.link_rotated": (
            "{actor} gave the complaint form {name} another link.",
            "{actor}更换了投诉表单{name}的链接。",
        ),
        "complaint_form.disabled": ("{actor} closed the complaint form {name}.", "{actor}停用了投诉表单{name}。"),
        "complaint_form.enabled": ("{actor} opened the complaint form {name} again.", "{actor}启用了投诉表单{name}。"),
        "complaint_inbox.created": ("{actor} added the complaint mailbox {name}.", "{actor}新增了投诉邮箱{name}。"),
        "complaint_inbox.updated": ("{actor} changed the complaint mailbox {name}.", "{actor}修改了投诉邮箱{name}。"),
        "complaint_inbox.secret_rotated": (
            "{actor} gave the complaint mailbox {name} another secret.",
            "{actor}更换了投诉邮箱{name}的密钥。",
        ),
        "complaint_inbox.disabled": ("{actor} closed the complaint mailbox {name}.", "{actor}停用了投诉邮箱{name}。"),
        "complaint_inbox.enabled": ("{actor} opened the complaint mailbox {name}.", "{actor}启用了投诉邮箱{name}。"),
        "complaint.solution_proposed": (
            "{actor} proposed a solution for the complaint {number}.",
            "{actor}提出了投诉 {number} 的解决方案。",
        ),
        "complaint.solution_approved": (
            "{actor} approved what was proposed for the complaint {number}.",
            "{actor}批准了投诉 {number} 的处理提议。",
        ),
        "complaint.solution_returned": (
            "{actor} sent back what was proposed for the complaint {number}.",
            "{actor}退回了投诉 {number} 的处理提议。",
        ),
        "complaint.communicated": (
            "{actor} told the customer the decision on the complaint {number}.",
            "{actor}已将投诉 {number} 的处理决定告知客户。",
        ),
        "complaint.customer_accepted": (
            "The customer accepts the solution of the complaint {number}.",
            "客户接受了投诉 {number} 的解决方案。",
        ),
        "complaint.customer_refused": (
            "The customer refuses the solution of the complaint {number}.",
            "客户不接受投诉 {number} 的解决方案。",
        ),
        "complaint.solution_implemented": (
            "{actor} carried out the solution of the complaint {number}.",
            "{actor}落实了投诉 {number} 的解决方案。",
        ),
        "complaint.resolved": ("{actor} resolved the complaint {number}.", "{actor}解决了投诉 {number}。"),
        "complaint.return_visit_attempted": (
            "{actor} tried to reach the customer about the complaint {number}.",
            "{actor}就投诉 {number} 回访客户未果。",
        ),
        "complaint.closed": ("{actor} closed the complaint {number}.", "{actor}关闭了投诉 {number}。"),
        "complaint.rejected": (
            "{actor} found the complaint {number} not justified.",
            "{actor}认定投诉 {number} 不成立。",
        ),
        "complaint.withdrawn": ("The customer withdrew the complaint {number}.", "客户撤回了投诉 {number}。"),
        "complaint.reopened": ("The complaint {number} is open again.", "投诉 {number} 已重新打开。"),
        "complaint.sla_warning": (
            "{percent} % of the time for {promise} of the complaint {number} is over.",
            "投诉 {number} 的{promise}时限已过 {percent}%。",
        ),
        "complaint.sla_breached": (
            "The time for {promise} of the complaint {number} is over.",
            "投诉 {number} 的{promise}已超时。",
        ),
        "complaint.escalated": (
            "The complaint {number} was taken to level {level}.",
            "投诉 {number} 已升级至第 {level} 级。",
        ),
    }
)
