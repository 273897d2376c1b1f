"""The published description of this API; ``python -m services.api.openapi`` prints the committed ``openapi.json``."""

import sys
from typing import Any

from services.api.documentation import build, text
from services.api.frame import Api
from services.api.published import EVENTS
from services.api.roster import ROUTERS, TAGS

TITLE = "Rapport API"
VERSION = "1"


def document(api: Api) -> dict[str, Any]:
    """The whole description of what this application serves, made once."""
    if api.openapi_schema is None:
        api.openapi_schema = build(api, title=TITLE, version=VERSION, tags=TAGS, events=EVENTS)
    return api.openapi_schema


def published() -> dict[str, Any]:
    """The description of the whole roster, without any settings."""
    api = Api()
    api.add_routers(*ROUTERS)
    return document(api)


if __name__ == "__main__":
    sys.stdout.write(text(published()))
