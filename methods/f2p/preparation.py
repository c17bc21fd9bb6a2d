"""From a fit's context to a translator's course: networks are opened, faces seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from numpy.typing import NDArray

from methods.base import FitContext
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.comparison import Judge
from methods.f2p.content import Content
from methods.f2p.features import Features, features_of
from methods.f2p.identity import Identity
from methods.f2p.imitation import Imitated, imitator_renders
from methods.f2p.landmarks import locate
from methods.f2p.options import F2PV2Options
from methods.f2p.similarity import Similarity
from methods.f2p.training_setup import Course, Faces
from methods.f2p.warm_start import WarmPairs


def prepared_course(
    imitated: Imitated,
    identity: Identity,
    files: Mapping[str, Path],
    options: F2PV2Options,
    context: FitContext,
) -> Course:
    """The course of a context's faces on its engine.

    Features of faces, and of renders where there is a warm start, are stages of the
    store. The content is opened where it has a weight; its file is among `files`. Where
    the engine draws eyes and mouth is found by looking at a few renders.
    """
    similarity = options.similarity
    terms: dict[str, Similarity] = {"identity": identity}
    if similarity.content_weight:
        terms["content"] = Content(files, similarity, context.device)
    faces, avatars = TEMPLATES[similarity.template], locate(context.engine).frame
    judge = Judge(terms, faces, avatars)
    return Course(
        imitated,
        judge,
        _faces(judge, options.translator.faces, context),
        _pairs(judge, options, context),
        options.translator,
        similarity,
        context.seed,
        context.device,
    )


def _faces(judge: Judge, count: int | None, context: FitContext) -> Faces:
    """The first `count` train faces, or all, as the terms see them."""
    pictures, digest = context.faces.images[:count], context.faces.digest
    if count is not None:
        digest = f"{digest} {count}"
    identity, content = (
        _seen(name, pictures, digest, judge, judge.faces, context)
        if name in judge.terms
        else None
        for name in ("identity", "content")
    )
    assert identity is not None
    return Faces(identity, content)


def _pairs(
    judge: Judge, options: F2PV2Options, context: FitContext
) -> WarmPairs | None:
    """The imitator's first renders for the warm start, where one is wanted."""
    if not options.translator.warm_steps:
        return None
    renders = imitator_renders(context, options)
    count = min(options.translator.warm_samples, options.samples)
    pictures, digest = renders.pictures[:count], f"{renders.digest} {count}"
    seen = _seen("identity", pictures, digest, judge, judge.avatars, context)
    return WarmPairs(seen, renders.vectors[:count])


def _seen(
    name: str,
    pictures: NDArray,
    digest: str,
    judge: Judge,
    frame: Frame,
    context: FitContext,
) -> Features:
    kind = "faces" if frame is judge.faces else "renders"
    return features_of(
        pictures,
        digest,
        judge.terms[name],
        frame,
        context.store,
        context.progress,
        context.device,
        f"{kind} as {name} sees them",
    )
