"""What the translator is trained with: faces without labels, and the loss of a step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec
from benchmark.system.progress import Progress
from methods.estimator.examples import row_order
from methods.estimator.training import LOG_STEPS
from methods.f2p.comparison import SimilarityNetwork
from methods.f2p.features import Features
from methods.f2p.imitation import TrainedImitator
from methods.f2p.options import SimilarityOptions, TranslatorOptions
from methods.f2p.relaxed import activity, relaxed
from methods.f2p.warm_start import WarmPairs
from methods.networks.translator import Translator


@dataclass(frozen=True)
class Faces:
    """Features of unlabelled faces under the terms of the similarity.

    Attributes:
        identity: embeddings, which are the translator's input.
        content: content features; None where the content has no weight.
    """

    identity: Features
    content: Features | None


@dataclass(frozen=True)
class TrainingSetup:
    """All that a translator's training depends on.

    Attributes:
        imitator: frozen; it draws vectors.
        similarity: frozen terms that compare drawings with faces; "identity" is always
            among them.
        faces: the training faces.
        pairs: training pairs of the warm start; None where `options.warm_steps` is 0.
        options: of the network and its training.
        weights: the weights of the terms.
        seed: of the network's initial weights and of the order of faces.
        device: of all networks.
    """

    imitator: TrainedImitator
    similarity: SimilarityNetwork
    faces: Faces
    pairs: WarmPairs | None
    options: TranslatorOptions
    weights: SimilarityOptions
    seed: int
    device: str

    @property
    def spec(self) -> AvatarSpec:
        """The engine's parameters."""
        return self.imitator.spec

    @property
    def label(self) -> str:
        """The name of the training in progress bars and curves."""
        return f"{self.spec.name} translator"


class TranslatorLoss:
    """The weighted sum of identity, content and loopback over a batch of faces.

    F2P v2 (Shi et al., AAAI 2020; TPAMI 2022), with the weights lambda 1 to lambda 3.
    """

    def __init__(
        self, network: Translator, setup: TrainingSetup, progress: Progress
    ) -> None:
        self._network, self._setup, self._progress = network, setup, progress
        options, count = setup.options, len(setup.faces.identity)
        self._rows_at = row_order(count, options.batch, setup.seed)
        self._weights = {
            "identity": setup.weights.identity_weight,
            "content": setup.weights.content_weight,
            "loopback": options.loopback_weight,
        }

    def __call__(self, step: int) -> Tensor:
        """The loss of a step; every `LOG_STEPS` steps its terms are logged."""
        terms = self.terms(self._rows_at(step), content=not self._skips_content(step))
        if step % LOG_STEPS == 0:  # step 0 always has the content term
            label = self._setup.label
            figures = {f"{label}/{k}": float(v.detach()) for k, v in terms.items()}
            self._progress.log(figures, step)
        return torch.stack([self._weights[k] * v for k, v in terms.items()]).sum()

    def terms(self, rows: Tensor, content: bool) -> dict[str, Tensor]:
        """Means of the unweighted terms over the given rows of the faces."""
        setup, similarity = self._setup, self._setup.similarity
        embeddings = setup.faces.identity.rows(rows, setup.device)
        vectors = self._translate(embeddings)
        pictures = setup.imitator.draw(vectors)
        identity = similarity.terms["identity"]
        drawn = identity.features(pictures, similarity.avatars)
        back = loopback(setup.spec, vectors, self._translate(drawn))
        if setup.options.loopback_reduction == "mean":
            back = back / setup.spec.flat_size
        terms = {
            "identity": identity.distance(drawn, embeddings).mean(),
            "loopback": back.mean(),
        }
        if content and setup.faces.content is not None:
            term = similarity.terms["content"]
            candidates = term.features(pictures, similarity.avatars)
            targets = setup.faces.content.rows(rows, setup.device)
            terms["content"] = term.distance(candidates, targets).mean()
        return terms

    def _translate(self, embeddings: Tensor) -> Tensor:
        setup = self._setup
        return relaxed(setup.spec, self._network(embeddings), setup.options.sharpness)

    def _skips_content(self, step: int) -> bool:
        """Whether this is the last step of every `content_rest`."""
        every = self._setup.options.content_rest
        return every > 0 and step % every == every - 1


def loopback(spec: AvatarSpec, vectors: Tensor, again: Tensor) -> Tensor:
    """(n,) L1 distances |x - T(F(G(x)))| between (n, flat_size) relaxed vectors.

    `again` are the vectors that the translator predicts from the drawings of `vectors`.
    Each difference is multiplied by its parameter's activity, because a drawing does
    not show an inactive parameter.
    """
    shown = activity(spec, vectors).detach()
    return ((vectors - again).abs() * shown).sum(dim=1)
