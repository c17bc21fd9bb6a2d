"""What the translator learns from: faces without labels, and the loss of a step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.estimator.training import LOG_STEPS
from methods.f2p.comparison import Judge
from methods.f2p.features import Features
from methods.f2p.imitation import Imitated
from methods.f2p.options import SimilarityOptions, TranslatorOptions
from methods.f2p.relaxed import activity, relaxed
from methods.f2p.warm_start import WarmPairs
from methods.networks.translator import Translator


@dataclass(frozen=True)
class Faces:
    """Unlabelled faces as the terms of the similarity see them.

    Attributes:
        identity: embeddings, which the translator reads.
        content: what drawings are compared with; None where the content has no weight.
    """

    identity: Features
    content: Features | None


@dataclass(frozen=True)
class Course:
    """All that a translator's training depends on.

    Attributes:
        imitated: the frozen imitator, which draws vectors.
        judge: the frozen terms that look at drawings; that of the identity is there.
        faces: what is learnt from.
        pairs: what the warm start learns from; there where `options.warm_steps` is
            not 0.
        options: of the network and its training.
        weights: of the terms.
        seed: of the network's start and of the order of faces.
        device: where all of it happens.
    """

    imitated: Imitated
    judge: Judge
    faces: Faces
    pairs: WarmPairs | None
    options: TranslatorOptions
    weights: SimilarityOptions
    seed: int
    device: str

    @property
    def spec(self) -> AvatarSpec:
        """Of the engine."""
        return self.imitated.spec

    @property
    def label(self) -> str:
        """What its training is called in bars and curves."""
        return f"{self.spec.name} translator"


class Lesson:
    """The weighed sum of identity, content and loopback over a batch of faces."""

    def __init__(self, network: Translator, course: Course, progress: Progress) -> None:
        self._network, self._course, self._progress = network, course, progress
        options, count = course.options, len(course.faces.identity)
        self._rows_at = row_order(count, options.batch, course.seed)
        self._weights = {
            "identity": course.weights.identity_weight,
            "content": course.weights.content_weight,
            "loopback": options.loopback_weight,
        }

    def __call__(self, step: int) -> Tensor:
        """The loss of a step on faces, which is logged term by term now and then."""
        terms = self.terms(self._rows_at(step), content=not self._rests(step))
        if step % LOG_STEPS == 0:  # the content's first rest comes later
            label = self._course.label
            figures = {f"{label}/{k}": float(v.detach()) for k, v in terms.items()}
            self._progress.log(figures, step)
        return torch.stack([self._weights[k] * v for k, v in terms.items()]).sum()

    def terms(self, rows: Tensor, content: bool) -> dict[str, Tensor]:
        """Means of the terms over some rows of the faces, before they are weighed."""
        course, judge = self._course, self._course.judge
        embeddings = course.faces.identity.rows(rows, course.device)
        vectors = self._translated(embeddings)
        pictures = course.imitated.draw(vectors)
        identity = judge.terms["identity"]
        seen = identity.features(pictures, judge.avatars)
        back = loopback(course.spec, vectors, self._translated(seen))
        if course.options.loopback_reduction == "mean":
            back = back / course.spec.flat_size
        terms = {
            "identity": identity.distance(seen, embeddings).mean(),
            "loopback": back.mean(),
        }
        if content and course.faces.content is not None:
            term = judge.terms["content"]
            found = term.features(pictures, judge.avatars)
            targets = course.faces.content.rows(rows, course.device)
            terms["content"] = term.distance(found, targets).mean()
        return terms

    def _translated(self, embeddings: Tensor) -> Tensor:
        course = self._course
        x = self._network(embeddings)
        return relaxed(course.spec, x, course.options.sharpness)

    def _rests(self, step: int) -> bool:
        """Whether the content's weight is 0: in the last of every few steps."""
        every = self._course.options.content_rest
        return every > 0 and step % every == every - 1


def loopback(spec: AvatarSpec, vectors: Tensor, again: Tensor) -> Tensor:
    """(n,) |x - x'| of (n, flat_size) relaxed vectors and what is read of them again.

    The sum of absolute differences, each counting as far as its parameter is active:
    nobody can read of a drawing what it does not show.
    """
    shown = activity(spec, vectors).detach()
    return ((vectors - again).abs() * shown).sum(dim=1)
