"""The words of webhooks."""

from typing import Literal

EndpointState = Literal["active", "disabled"]
DeliveryState = Literal["pending", "delivered", "dead"]
