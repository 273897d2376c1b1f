"""How dealing with webhooks can fail."""

from crm.errors import Conflict


class TooManyEndpoints(Conflict):
    """A workspace has as many active endpoints as it may have; disable one first."""

    title = "The workspace has as many active webhook endpoints as it may have"
    title_zh = "启用的 Webhook 端点数量已达上限"


class EndpointDisabled(Conflict):
    """Nothing is sent to a disabled endpoint; enable it first."""

    title = "The webhook endpoint is disabled"
    title_zh = "该 Webhook 端点已停用"
