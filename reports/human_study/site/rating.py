"""One face at a time: show it, take the answer, go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.design.study import Paper, Shown
from reports.human_study.site.answers import (
    Choice,
    GoneError,
    Outcome,
    OutOfTurnError,
    answer_to,
    next_position,
    record,
)
from reports.human_study.site.context import Member, Site, TheSite, go
from reports.human_study.site.tables import Answer, Participant, now_ms
from reports.human_study.web import Fields

router = APIRouter()
TIE = "tie"
Position = Annotated[int, Path(ge=1, le=100_000)]


@dataclass(frozen=True)
class Question:
    """A face as it is put to somebody: which, the answer so far, and the stamp."""

    shown: Shown
    answer: Answer | None
    stamp: str

    @property
    def revision(self) -> int:
        """What an answer to this form will be: 0 the first, k the k-th change."""
        return 0 if self.answer is None else self.answer.revisions + 1

    @property
    def chosen(self) -> str | None:
        """The radio button that is on: a picture, the tie, or none."""
        return None if self.answer is None else self.answer.chosen or TIE


@router.get("/rate")
def go_on(site: TheSite, person: Member) -> Response:
    """To the first face without an answer, or to the end."""
    position = _next(site, person)
    return go("/thanks" if position is None else f"/rate/{position}")


@router.get("/rate/{position}")
def ask(
    request: Request, site: TheSite, person: Member, position: Position
) -> Response:
    """A face with its options; an answered one only where the study lets people."""
    paper, following = site.paper(person.paper), _next(site, person)
    last = len(paper.shown) if following is None else following
    if position > last:
        return go("/rate")
    shown = paper.shown[position - 1]
    with site.database.reading() as session:
        answer = answer_to(session, person.id, shown.trial.id)
    if answer is not None and site.study.settings.back == "no":
        return go("/rate")
    question = Question(shown, answer, site.stamp(person.id, shown, now_ms()))
    return _page(request, site, paper, question)


@router.post("/rate/{position}")
def answer(
    request: Request,
    site: TheSite,
    person: Member,
    position: Position,
    fields: Fields,
) -> Response:
    """Store an answer; the redirect that follows is its acknowledgement."""
    paper = site.paper(person.paper)
    if position > len(paper.shown):
        raise HTTPException(404)
    shown = paper.shown[position - 1]
    moment = site.read_stamp(fields.get("stamp", ""), person.id, shown)
    if "choice" not in fields:
        return _ask_again(request, site, person, shown, fields["stamp"])
    choice = _choice(site, shown, moment, fields)
    may_change = site.study.settings.back == "allowed"
    try:
        outcome = record(site.database, person.id, paper, choice, may_change)
    except GoneError:
        return go("/withdrawn")
    except OutOfTurnError:
        return go("/rate")
    return _after(request, outcome, shown, paper, may_change)


def _after(
    request: Request, outcome: Outcome, shown: Shown, paper: Paper, may_change: bool
) -> Response:
    if outcome is Outcome.REFUSED:
        request.session["notice"] = "kept_other" if may_change else "kept_first"
        return go(f"/rate/{shown.position}" if may_change else "/rate")
    if shown.position == len(paper.shown):
        return go("/rate")
    return go(f"/rate/{shown.position + 1}")


def _choice(site: Site, shown: Shown, moment: int, fields: Fields) -> Choice:
    """What the form says; HTTPException 400 where no form of ours says that."""
    chosen, revision = fields["choice"], fields.get("revision", "")
    allowed = {*shown.order, *([TIE] if site.study.settings.tie else [])}
    if chosen not in allowed or not (revision.isascii() and revision.isdigit()):
        raise HTTPException(400)
    picture = None if chosen == TIE else chosen
    return Choice(shown.trial.id, picture, moment, int(revision[:9]))


def _ask_again(
    request: Request, site: Site, person: Participant, shown: Shown, stamp: str
) -> Response:
    """The same face, with its first stamp, and the plea to choose."""
    with site.database.reading() as session:
        answer = answer_to(session, person.id, shown.trial.id)
    question = Question(shown, answer, stamp)
    paper = site.paper(person.paper)
    return _page(request, site, paper, question, 422, "must_choose")


def _page(
    request: Request,
    site: Site,
    paper: Paper,
    question: Question,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    position = question.shown.position
    ahead = paper.shown[position : position + 1]
    return site.render(
        request,
        "rate.html.jinja",
        status,
        question=question,
        position=position,
        count=len(paper.shown),
        face=site.study.by_face[question.shown.trial.face].picture,
        ahead=[
            picture
            for shown in ahead
            for picture in (site.study.by_face[shown.trial.face].picture, *shown.order)
        ],
        back=site.study.settings.back == "allowed" and position > 1,
        notice=request.session.pop("notice", None),
        problem=problem,
    )


def _next(site: Site, person: Participant) -> int | None:
    with site.database.reading() as session:
        return next_position(session, person.id, site.paper(person.paper))
