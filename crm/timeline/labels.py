"""The words of sentences, in English and in Simplified Chinese: fields that change, and values of a few words."""

from collections.abc import Mapping
from types import MappingProxyType

Pair = tuple[str, str]

FIELDS: Mapping[str, Pair] = MappingProxyType(
    {
        "acknowledge_minutes": ("time to acknowledge", "受理时限"),
        "acknowledge_same_day": ("acknowledged the same day", "当日受理"),
        "address": ("address", "地址"),
        "around_the_clock": ("around the clock", "全天候计时"),
        "archived_at": ("archived", "归档"),
        "assignee_id": ("assignee", "负责人"),
        "birthday": ("birthday", "生日"),
        "calendar_id": ("calendar", "日历"),
        "category": ("category", "类别"),
        "cause_kind": ("kind of cause", "原因类别"),
        "check_effect_on": ("check of the effect", "有效性检查日期"),
        "contact_id": ("contact", "联系人"),
        "cost": ("cost", "费用"),
        "cost_currency": ("currency of the cost", "费用币种"),
        "customer_id": ("customer", "客户"),
        "description": ("description", "描述"),
        "effective": ("effect", "有效性"),
        "lot": ("batch", "批次"),
        "product_id": ("product", "产品"),
        "remedy_note": ("what they want", "客户诉求说明"),
        "remedy_sought": ("remedy sought", "客户诉求"),
        "repeat_of_id": ("repeat of", "重复投诉"),
        "satisfaction": ("satisfaction", "满意度"),
        "validity": ("validity", "投诉是否成立"),
        "visit_id": ("visit", "拜访"),
        "channel": ("channel", "渠道"),
        "class": ("class", "客户等级"),
        "contact_ids": ("contacts", "联系人"),
        "custom": ("own fields", "自定义字段"),
        "department": ("department", "部门"),
        "do_not_contact": ("do not contact", "勿扰"),
        "due_at": ("due date", "截止时间"),
        "email": ("e-mail", "邮箱"),
        "escalation": ("escalation", "升级规则"),
        "resolution_minutes": ("time to resolve", "解决时限"),
        "response_minutes": ("time to respond", "首次答复时限"),
        "thresholds": ("thresholds", "提醒阈值"),
        "update_minutes": ("time between updates", "进展告知时限"),
        "emails": ("e-mails", "邮箱"),
        "industry": ("industry", "行业"),
        "intermediate_kind": ("kind of intermediary", "中间商类型"),
        "key_kind": ("kind of key customer", "重点客户类型"),
        "kind": ("kind", "类别"),
        "level": ("level", "层级"),
        "lifecycle": ("lifecycle", "生命周期"),
        "name": ("name", "名称"),
        "next_contact_due_on": ("next contact", "下次联系日期"),
        "note": ("note", "备注"),
        "opportunity_id": ("opportunity", "商机"),
        "owner_id": ("owner", "负责人"),
        "parent_id": ("group", "所属集团"),
        "phone": ("phone", "电话"),
        "phones": ("phones", "电话"),
        "preferences": ("preferences", "偏好"),
        "purchasing_power": ("purchasing power", "购买力"),
        "purpose": ("purpose", "目的"),
        "region": ("region", "地区"),
        "registration_code": ("registration code", "统一社会信用代码"),
        "relationship_stage": ("relationship stage", "关系阶段"),
        "remind_before": ("reminders", "提醒"),
        "fire_at": ("moment", "提醒时间"),
        "local_time": ("local time", "当地时间"),
        "timezone": ("time zone", "时区"),
        "follows_timezone": ("follows the time zone", "随时区变动"),
        "asks_for_contact": ("asks for contact", "需要联系客户"),
        "escalates": ("goes to the manager", "上报上级"),
        "roles": ("roles", "角色"),
        "size": ("size", "规模"),
        "source": ("source", "来源"),
        "subject": ("subject", "主题"),
        "tags": ("tags", "标签"),
        "team_id": ("team", "团队"),
        "title": ("title", "职务或标题"),
        "type": ("type", "类型"),
        "website": ("website", "网站"),
        "wechat": ("WeChat", "微信"),
    }
)

VALUES: Mapping[str, Mapping[str, Pair]] = MappingProxyType(
    {
        "purpose": {
            "care": ("care", "关怀"),
            "sales": ("sales", "销售"),
            "service": ("service", "服务"),
            "complaint": ("complaint", "投诉处理"),
            "collection": ("collection", "催款"),
        },
        "promise": {
            "acknowledge": ("the acknowledgement", "受理确认"),
            "response": ("the first response", "首次答复"),
            "update": ("the next update", "进展告知"),
            "resolution": ("the resolution", "解决"),
        },
        "severity": {
            "critical": ("critical", "危急"),
            "high": ("high", "高"),
            "medium": ("medium", "中"),
            "low": ("low", "低"),
        },
        "channel": {
            "call": ("call", "电话"),
            "message": ("message", "短信"),
            "email": ("e-mail", "邮件"),
            "wechat": ("WeChat message", "微信"),
            "meeting": ("meeting", "会面"),
            "visit": ("visit", "拜访"),
            "other": ("contact", "其他联系"),
        },
        "outcome": {
            "reached": ("reached", "已联系上"),
            "no_answer": ("no answer", "无人接听"),
            "left_message": ("left a message", "已留言"),
            "refused": ("refused", "被拒绝"),
        },
        "stage": {
            "awareness": ("awareness", "认知"),
            "exploration": ("exploration", "探索"),
            "expansion": ("expansion", "扩大"),
            "commitment": ("commitment", "承诺"),
            "dissolution": ("dissolution", "解除"),
        },
        "lost_cause": {
            "competitor": ("to a competitor", "转向竞争对手"),
            "need_fulfilled": ("need fulfilled", "需求已满足"),
            "moved": ("moved away", "迁出"),
            "pushed_unintended": ("pushed away, unintended", "我方无意推离"),
            "pushed_intended": ("pushed away, intended", "我方主动放弃"),
        },
        "band": {
            "hot": ("hot", "热络"),
            "warm": ("warm", "温"),
            "cooling": ("cooling", "趋冷"),
            "cold": ("cold", "冷淡"),
            "never": ("never in touch", "未曾联系"),
        },
    }
)


def label(field: str, *, chinese: bool) -> str:
    """What people call a field; its own name where nobody gave it one."""
    pair = FIELDS.get(field)
    return field.removesuffix("_id").replace("_", " ") if pair is None else pair[chinese]


def value(field: str, word: object, *, chinese: bool) -> str:
    """What people call a value of a field of few words; the word itself where nobody gave it another."""
    pair = VALUES[field].get(str(word))
    return str(word or "").replace("_", " ") if pair is None else pair[chinese]
