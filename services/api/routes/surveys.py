"""Surveys of closed complaints, over HTTP: for those who handle them, and for whoever has the link."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from crm.database import Access, Transaction
from crm.errors import NotFound
from crm.nouns import Answer
from crm.paging import Page
from crm.strangers.links import LONGEST_TOKEN
from crm.surveys import answering, asking, queries
from crm.surveys.errors import AskedLately, ComplaintNotClosed, SurveyAnswered, SurveyOver, SurveyUnwanted
from crm.surveys.mailing import page_of
from crm.surveys.schemas import (
    PublicSurvey,
    SurveyAnswer,
    SurveyFilter,
    SurveyForm,
    SurveyRead,
    SurveyWithLink,
)
from services.api.answers import ShownOnce
from services.api.deps import changes, reads
from services.api.problems import problems
from services.api.routing import router as new_router
from services.api.strangers import Visiting
from services.api.survey_page import page

SurveyReads = Annotated[Access, reads("complaints")]
SurveyChanges = Annotated[Transaction, changes("complaints")]
Token = Annotated[str, Path(max_length=LONGEST_TOKEN, description="From the link.")]
HTML: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}
}

router = new_router(tags=["surveys"])


@router.get("/surveys", response_model=Page[SurveyRead])
async def list_surveys(access: SurveyReads, wanted: Annotated[SurveyFilter, Query()]) -> bytes:
    """How those who complained were asked how it went, and what they said; of the complaints that you may see."""
    return await queries.page(access, wanted)


@router.get("/surveys/{survey_id}", response_model=SurveyRead)
async def get_survey(access: SurveyReads, survey_id: UUID) -> Answer:
    """One survey."""
    return await queries.get(access, survey_id)


@router.post(
    "/complaints/{complaint_id}/survey",
    response_model=SurveyWithLink,
    responses=problems(ComplaintNotClosed, SurveyAnswered, SurveyUnwanted, AskedLately),
)
async def hand_over_survey(request: Request, tx: SurveyChanges, complaint_id: UUID) -> Response:
    """Get the link to the survey of a closed complaint, to hand it over yourself; nothing is mailed any more.

    Asked for again, it is the same link. It takes one answer and ends after the days of the settings `surveys`.
    """
    answer, link = await asking.hand_over(tx, complaint_id, request.app.state.links)
    base = request.app.state.settings.public_url or str(request.base_url).rstrip("/")
    return ShownOnce(answer, page_of(base, link.token), member="url")


@router.get("/public/surveys/{token}", response_model=PublicSurvey)
async def read_survey(stranger: Visiting, token: Token) -> bytes:
    """What a link is about and what is asked, for whoever has it. Needs no sign-in."""
    return await stranger.finding(answering.look(stranger.database, token))


@router.post(
    "/public/surveys/{token}",
    status_code=204,
    response_class=Response,
    responses=problems(SurveyAnswered, SurveyOver, NotFound),
)
async def answer_survey(stranger: Visiting, token: Token, said: SurveyAnswer) -> None:
    """Say how it went, once. Needs no sign-in; the mark lands on the complaint."""
    await stranger.finding(answering.answer(stranger.database, token, said))


@router.get("/public/surveys/{token}/page", response_class=Response, responses=HTML)
async def show_survey(stranger: Visiting, token: Token) -> Response:
    """The same as a page for people, in English or Chinese by `Accept-Language`: what the link in a letter opens."""
    survey = orjson.loads(await stranger.finding(answering.look(stranger.database, token)))
    return page(survey, chinese=stranger.chinese)


@router.post("/public/surveys/{token}/page", response_class=Response, responses=HTML)
async def send_survey_page(stranger: Visiting, token: Token, said: Annotated[SurveyForm, Form()]) -> Response:
    """What the page sends. A second answer, or one that comes too late, is told so on the page."""
    just_answered = True
    try:
        await stranger.finding(answering.answer(stranger.database, token, said.answer()))
    except (SurveyAnswered, SurveyOver):
        just_answered = False
    survey = orjson.loads(await stranger.finding(answering.look(stranger.database, token)))
    return page(survey, chinese=stranger.chinese, just_answered=just_answered)
