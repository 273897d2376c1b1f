"""Which adapter sends over which kind of channel."""

from collections.abc import Mapping
from types import MappingProxyType

from crm.channels.vocabulary import ChannelKind
from services.worker.channels.email import email
from services.worker.channels.hooks import webhook
from services.worker.channels.parcels import Adapter
from services.worker.channels.robots import dingtalk, feishu, wecom

ADAPTERS: Mapping[ChannelKind, Adapter] = MappingProxyType(
    {"email": email, "wecom": wecom, "dingtalk": dingtalk, "feishu": feishu, "webhook": webhook}
)
