"""The words of channels; the database checks the same ones."""

from typing import Literal

ChannelKind = Literal["email", "wecom", "dingtalk", "feishu", "webhook"]
ChannelState = Literal["unverified", "active", "disabled", "removed"]
DisabledBecause = Literal["by_hand", "unsubscribed", "gone", "failing"]
Digest = Literal["immediately", "hourly", "daily"]
Occasion = Literal["notifications", "test", "code"]
MessageState = Literal["pending", "sent", "dead", "dropped"]
DroppedBecause = Literal["read", "user_disabled", "not_visible"]
