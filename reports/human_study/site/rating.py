"""The rating pages: show one face at a time and store the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.design.study import Assignment, Shown
from reports.human_study.site.answers import (
    Choice,
    Outcome,
    OutOfTurnError,
    WithdrawnError,
    find_answer,
    next_position,
    record_answer,
)
from reports.human_study.site.context import Member, Site, TheSite, redirect
from reports.human_study.site.tables import Answer, Participant, now_ms
from reports.human_study.web import Fields, PageRoute

router = APIRouter(route_class=PageRoute)
TIE = "tie"
Position = Annotated[int, Path(ge=1, le=100_000)]


@dataclass(frozen=True)
class Question:
    """A face as a page shows it, with the answer so far and the signed time stamp."""

    shown: Shown
    answer: Answer | None
    stamp: str

    @property
    def revision(self) -> int:
        """Number of the next answer: 0 for the first, k for the k-th change."""
        return 0 if self.answer is None else self.answer.revisions + 1

    @property
    def chosen(self) -> str | None:
        """The selected radio button: a picture id, "tie" or None."""
        return None if self.answer is None else self.answer.chosen or TIE


@router.get("/rate")
def go_on(site: TheSite, person: Member) -> Response:
    """Redirect to the first face without an answer, or to the end."""
    position = _next(site, person)
    return redirect("/thanks" if position is None else f"/rate/{position}")


@router.get("/rate/{position}")
def ask(
    request: Request, site: TheSite, person: Member, position: Position
) -> Response:
    """Show a face with its options. Answered faces only if the study allows changes."""
    assignment = site.assignment(person.assignment)
    following = _next(site, person)
    last = len(assignment.shown) if following is None else following
    if position > last:
        return redirect("/rate")
    shown = assignment.shown[position - 1]
    with site.database.reading() as session:
        answer = find_answer(session, person.id, shown.trial.id)
    if answer is not None and site.study.settings.back == "no":
        return redirect("/rate")
    question = Question(shown, answer, site.stamp(person.id, shown, now_ms()))
    return _page(request, site, assignment, question)


@router.post("/rate/{position}")
def answer(
    request: Request,
    site: TheSite,
    person: Member,
    position: Position,
    fields: Fields,
) -> Response:
    """Store an answer. The redirect that follows acknowledges it."""
    assignment = site.assignment(person.assignment)
    if position > len(assignment.shown):
        raise HTTPException(404)
    shown = assignment.shown[position - 1]
    moment = site.read_stamp(fields.get("stamp", ""), person.id, shown)
    if "choice" not in fields:
        return _ask_again(request, site, person, shown, fields["stamp"])
    choice = _parse_choice(site, shown, moment, fields)
    may_change = site.study.settings.back == "allowed"
    try:
        outcome = record_answer(
            site.database, person.id, assignment, choice, may_change
        )
    except WithdrawnError:
        return redirect("/withdrawn")
    except OutOfTurnError:
        return redirect("/rate")
    return _redirect_after(request, outcome, shown, assignment, may_change)


def _redirect_after(
    request: Request,
    outcome: Outcome,
    shown: Shown,
    assignment: Assignment,
    may_change: bool,
) -> Response:
    if outcome is Outcome.REFUSED:
        request.session["notice"] = "kept_other" if may_change else "kept_first"
        return redirect(f"/rate/{shown.position}" if may_change else "/rate")
    if shown.position == len(assignment.shown):
        return redirect("/rate")
    return redirect(f"/rate/{shown.position + 1}")


def _parse_choice(site: Site, shown: Shown, moment: int, fields: Fields) -> Choice:
    """The choice in a posted form; HTTPException 400 if the form is invalid."""
    chosen, revision = fields["choice"], fields.get("revision", "")
    allowed = {*shown.order, *([TIE] if site.study.settings.tie else [])}
    if chosen not in allowed or not (revision.isascii() and revision.isdigit()):
        raise HTTPException(400)
    picture = None if chosen == TIE else chosen
    return Choice(shown.trial.id, picture, moment, int(revision[:9]))


def _ask_again(
    request: Request, site: Site, person: Participant, shown: Shown, stamp: str
) -> Response:
    """The same face with its first stamp and a request to choose."""
    with site.database.reading() as session:
        answer = find_answer(session, person.id, shown.trial.id)
    question = Question(shown, answer, stamp)
    assignment = site.assignment(person.assignment)
    return _page(request, site, assignment, question, 422, "must_choose")


def _page(
    request: Request,
    site: Site,
    assignment: Assignment,
    question: Question,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    position = question.shown.position
    ahead = assignment.shown[position : position + 1]
    return site.render(
        request,
        "rate.html.jinja",
        status,
        question=question,
        position=position,
        count=len(assignment.shown),
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
        return next_position(session, person.id, site.assignment(person.assignment))
