"""The answer to many items in one request."""

from collections.abc import Sequence

import orjson
from fastapi import Request

from crm.batching import Outcome
from services.api.problems import content, wants_chinese


def lines(request: Request, outcomes: Sequence[Outcome]) -> bytes:
    """What became of each item, in their order: ``{"data": [{"status", "item", "problem"}, …]}``."""
    chinese = wants_chinese(request.headers.get("accept-language", ""))
    return b'{"data":[%b]}' % b",".join(_line(one, chinese=chinese) for one in outcomes)


def _line(outcome: Outcome, *, chinese: bool) -> bytes:
    item = b"null" if outcome.answer is None else outcome.answer.body.encode()
    problem = None if outcome.problem is None else content(outcome.problem, chinese=chinese)
    return b'{"status":%d,"item":%b,"problem":%b}' % (outcome.status, item, orjson.dumps(problem, default=str))
