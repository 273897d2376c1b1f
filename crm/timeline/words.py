"""How each kind of fact is told: a sentence in English and one in Simplified Chinese.

Every type of event the product knows has its line here (``tests/guards``); a type that has none is told by its name.
"""

from collections.abc import Mapping
from types import MappingProxyType

Pair = tuple[str, str]

SENTENCES: Mapping[str, Pair] = MappingProxyType(
    {
        "customer.created": ("{actor} added the customer {name}.", "{actor}新增了客户{name}。"),
        "customer.updated": ("{actor} changed the customer: {fields}.", "{actor}修改了客户资料：{fields}。"),
        "customer.archived": ("{actor} archived the customer.", "{actor}归档了该客户。"),
        "customer.restored": ("{actor} brought the customer back.", "{actor}恢复了该客户。"),
        "customer.contacted": ("There was a contact with the customer.", "与客户有了一次联系。"),
        "customer.warmth_changed": ("The relationship is now {band}.", "客户热度变为：{band}。"),
        "customer.owner_changed": (
            "{actor} handed the customer over from {former} to {owner}{reason}.",
            "{actor}将客户由{former}移交给{owner}{reason}。",
        ),
        "contact.created": ("{actor} added the contact {name}.", "{actor}新增了联系人{name}。"),
        "contact.updated": ("{actor} changed the contact {name}: {fields}.", "{actor}修改了联系人{name}：{fields}。"),
        "contact.archived": ("{actor} archived the contact {name}.", "{actor}归档了联系人{name}。"),
        "contact.restored": ("{actor} brought the contact {name} back.", "{actor}恢复了联系人{name}。"),
        "interaction.logged": (
            "{actor} logged a {channel}{with_contact}{outcome}.",
            "{actor}记录了一次{channel}{with_contact}{outcome}。",
        ),
        "interaction.updated": ("{actor} changed the note of a {channel}.", "{actor}修改了{channel}的记录。"),
        "visit.planned": (
            "{actor} planned a visit ({purpose}) for {when}.",
            "{actor}计划于{when}拜访（{purpose}）。",
        ),
        "visit.updated": ("{actor} changed the visit of {when}: {fields}.", "{actor}修改了{when}的拜访：{fields}。"),
        "visit.rescheduled": ("{actor} moved a visit to {when}{reason}.", "{actor}将拜访改期至{when}{reason}。"),
        "visit.started": ("{actor} began the visit of {when}.", "{actor}开始了{when}的拜访。"),
        "visit.completed": ("{actor} completed a visit{result}.", "{actor}完成了一次拜访{result}。"),
        "visit.cancelled": ("{actor} cancelled the visit of {when}{reason}.", "{actor}取消了{when}的拜访{reason}。"),
        "task.created": (
            "{actor} added the task “{title}” for {assignee}, due {due}.",
            "{actor}为{assignee}新增了任务“{title}”，截止{due}。",
        ),
        "task.updated": ("{actor} changed the task “{title}”: {fields}.", "{actor}修改了任务“{title}”：{fields}。"),
        "task.completed": ("{actor} completed the task “{title}”{result}.", "{actor}完成了任务“{title}”{result}。"),
        "task.cancelled": ("{actor} cancelled the task “{title}”{reason}.", "{actor}取消了任务“{title}”{reason}。"),
        "task.snoozed": ("{actor} put off the task “{title}” to {due}.", "{actor}将任务“{title}”推迟至{due}。"),
        "task.reassigned": ("{actor} gave the task “{title}” to {assignee}.", "{actor}将任务“{title}”交给{assignee}。"),
        "reminder.fired": ("A reminder was sent: “{title}”.", "已发送提醒：“{title}”。"),
        "note.added": ("{actor} wrote a note: {text}", "{actor}添加了备注：{text}"),
        "note.updated": ("{actor} changed a note: {text}", "{actor}修改了备注：{text}"),
        "note.archived": ("{actor} archived a note: {text}", "{actor}归档了备注：{text}"),
        "attachment.added": ("{actor} attached the file {name}.", "{actor}上传了附件{name}。"),
        "attachment.archived": ("{actor} archived the file {name}.", "{actor}归档了附件{name}。"),
        "import.started": ("{actor} began to bring in a file.", "{actor}开始导入文件。"),
        "import.finished": ("A file was brought in, or given up.", "文件导入已结束。"),
        "workspace.created": ("The workspace {name} was founded.", "创建了工作区{name}。"),
        "workspace.updated": ("{actor} changed the workspace: {fields}.", "{actor}修改了工作区：{fields}。"),
        "workspace.timezone_changed": ("{actor} changed the time zone.", "{actor}更改了时区。"),
        "user.created": ("{name} joined.", "{name}加入了团队。"),
        "user.updated": ("{actor} changed the person {name}: {fields}.", "{actor}修改了成员{name}：{fields}。"),
        "user.disabled": ("{name} can no longer sign in.", "{name}已被停用。"),
        "user.enabled": ("{name} can sign in again.", "{name}已恢复登录。"),
        "user.password_changed": ("{name} took a new password.", "{name}更改了密码。"),
        "team.created": ("{actor} added the team {name}.", "{actor}新增了团队{name}。"),
        "team.updated": ("{actor} changed the team {name}: {fields}.", "{actor}修改了团队{name}：{fields}。"),
        "api_key.created": ("{actor} made the API key {name}.", "{actor}创建了API密钥{name}。"),
        "api_key.revoked": ("{actor} ended the API key {name}.", "{actor}停用了API密钥{name}。"),
        "session.revoked": ("Someone signed out, or was.", "登录会话已结束。"),
        "webhook.test": ("{actor} asked for a test of a webhook.", "{actor}测试了Webhook。"),
    }
)
