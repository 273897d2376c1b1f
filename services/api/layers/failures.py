"""Whatever goes wrong inside leaves as a problem answer; nothing leaves as anything else."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import answer
from services.api.translation import problem_of


def failures(app: ASGIApp) -> ASGIApp:
    """Turn any exception into its problem answer; one after the answer began can only cut it off."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = False

        async def send_noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await app(scope, receive, send_noticed)
        except Exception as error:
            problem = problem_of(error)
            if started:
                raise
            headers, body = answer(problem, scope)
            await send({"type": "http.response.start", "status": problem.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return guarded
