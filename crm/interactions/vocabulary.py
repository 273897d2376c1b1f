"""The words an interaction is described with (``domain.md`` A020, A033); the database checks the same ones."""

from typing import Literal

Channel = Literal["call", "message", "email", "wechat", "meeting", "visit", "other"]
LoggedChannel = Literal["call", "message", "email", "wechat", "meeting", "other"]
Subject = Literal["complaint"]
Direction = Literal["outbound", "inbound"]
Outcome = Literal["reached", "no_answer", "left_message", "refused"]
