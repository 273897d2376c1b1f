"""Signing in and out, over HTTP."""

from typing import Annotated

import orjson
from fastapi import Form, Request
from starlette.responses import Response

from crm.errors import invalid
from crm.workspaces import refreshing, signing_out
from crm.workspaces.credentials import RevokeRequest, TokenRead, TokenRequest
from crm.workspaces.errors import RefreshRefused, SignInRefused, TooManyGuesses, WorkspaceNeeded
from crm.workspaces.mint import Mint
from crm.workspaces.signing_in import sign_in
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["auth"])

NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "/auth/token",
    response_model=TokenRead,
    responses=problems(SignInRefused, RefreshRefused, WorkspaceNeeded, TooManyGuesses),
)
async def create_token(request: Request, wanted: Annotated[TokenRequest, Form()]) -> Response:
    """Sign in with e-mail and password, or continue with a refresh token (OAuth 2, form encoded).

    A refresh token is good once. If its answer was lost on the way, send it again within 30 seconds from the same
    `device` and you get the same successor; shown later, it ends the session.
    """
    mint: Mint = request.app.state.mint
    if wanted.grant_type == "refresh_token":
        granted = await refreshing.refresh(mint, _needed("refresh_token", wanted.refresh_token), wanted.device)
    else:
        granted = await sign_in(
            mint,
            _needed("username", wanted.username),
            _needed("password", wanted.password),
            workspace_id=wanted.workspace,
            device=wanted.device,
            address=request.client.host if request.client else "",
        )
    body = orjson.dumps({**granted._asdict(), "token_type": "bearer"})
    return Response(body, headers=NOT_KEPT, media_type="application/json")


@router.post("/auth/revoke", response_class=Response)
async def revoke_token(request: Request, ending: Annotated[RevokeRequest, Form()]) -> Response:
    """Sign out: end the session of a refresh or access token (RFC 7009). Answers 200 whether there was one or not."""
    await signing_out.revoke_token(request.app.state.mint, ending.token)
    return Response(headers=NOT_KEPT)


def _needed(name: str, value: str | None) -> str:
    if not value:
        raise invalid(name, "Field required", "missing")
    return value
