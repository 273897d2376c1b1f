"""The pages people open in a browser: the API page and what each problem means. No asset comes from elsewhere.

Swagger UI's files are taken from the package ``fastapi-swagger``; nothing else of it is used.
"""

import gzip
import html
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

import orjson
from fastapi import APIRouter, Request, Response

from crm.errors import NotFound, Problem
from services.api.frame import Api
from services.api.openapi import document

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
GUARDED = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rapport API</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
"""
PROBLEM = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ font: 16px/1.6 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em }}</style>
<h1>{title}</h1>
<p lang="zh-CN">{title_zh}</p>
<p>{meaning}</p>
<p>HTTP status {status}, <code>code: "{code}"</code></p>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def read_docs() -> Response:
    """The API page."""
    return Response(PAGE, media_type="text/html", headers=GUARDED)


@router.get("/docs/assets/{name}")
async def read_docs_asset(request: Request, name: str) -> Response:
    """A file of the API page."""
    if name == "start.js":
        return Response(START, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
    if name not in ASSETS:
        raise NotFound
    body, tag = _asset(name)
    return _tagged(request, body, tag, ASSETS[name])


@router.get("/openapi.json")
async def read_openapi(request: Request) -> Response:
    """The published description of the API."""
    packed, tag = _document(request.app)
    return _tagged(request, packed, tag, "application/json")


@router.get("/problems/{code}")
async def read_problem(code: str) -> Response:
    """What a problem means: the address that its ``type`` names."""
    found = next((problem for problem in all_problems() if problem.code() == code), None)
    if found is None:
        raise NotFound
    told = {"title": found.title, "title_zh": found.title_zh, "meaning": found.__doc__ or found.title, "code": code}
    page = PROBLEM.format(status=found.status, **{name: html.escape(words) for name, words in told.items()})
    return Response(page, media_type="text/html", headers=GUARDED)


def all_problems(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem that anything imported can answer."""
    for problem in root.__subclasses__():
        yield problem
        yield from all_problems(problem)


@cache
def _document(api: Api) -> tuple[bytes, str]:
    whole = orjson.dumps(document(api))
    return gzip.compress(whole, 9, mtime=0), _tag(whole)


@cache
def _asset(name: str) -> tuple[bytes, str]:
    whole = files("fastapi_swagger").joinpath("resources", name).read_bytes()
    return gzip.compress(whole, 9, mtime=0), _tag(whole)


def _tag(whole: bytes) -> str:
    return f'"{sha256(whole).hexdigest()[:20]}"'


def _tagged(request: Request, packed: bytes, tag: str, media_type: str) -> Response:
    # Kept compressed: nearly every reader takes it so, and the large files are compressed once.
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type=media_type, headers=headers)
