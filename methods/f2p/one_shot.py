"""F2P v2: a network makes a face's vector in one pass; it learns without labels.

Shi et al., "Fast and Robust Face-to-Parameter Translation for Game Character
Auto-Creation" (AAAI 2020), the one-shot mode of TPAMI 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.digests import file_digest
from methods.base import FitContext, MethodError, MethodMeta
from methods.f2p.alignment import TEMPLATES
from methods.f2p.content import content_files
from methods.f2p.foreseen import foreseen_translation
from methods.f2p.identity import Identity, identity_files
from methods.f2p.imitation import fitted_imitator
from methods.f2p.options import F2PV2Options, SimilarityOptions
from methods.f2p.preparation import prepared_course
from methods.f2p.prior import Prior, fitted_prior
from methods.f2p.relaxed import relaxed, strict
from methods.f2p.similarity_networks import SIMILARITY_NETWORKS, keep_files, kept_files
from methods.f2p.trace import traced
from methods.f2p.training_setup import Course
from methods.f2p.translation import Translated, restored, trained_translator
from methods.networks.lightcnn import WEIGHT_FILES
from methods.networks.translator import Translator
from methods.shared.pictures import check_faces
from methods.shared.saving import load_method, save_method
from methods.shared.stage_estimate import Foresight
from methods.shared.tracing import Step, Trace

SIMILARITY = "similarity"
TRANSLATOR = "translator."


@dataclass(frozen=True)
class _Fitted:
    """What predicting needs: embeddings, the network that reads them, a prior or none.

    `files` are those of the embedding's network, `notes` the digests and measures that
    a saved method tells of itself.
    """

    spec: AvatarSpec
    identity: Identity
    network: Translator
    prior: Prior | None
    files: Mapping[str, Path]
    notes: Mapping[str, Any]


class F2PV2:
    """A translator from face embeddings to vectors, trained through an imitator.

    It learns on the unlabelled train faces alone: what it makes of them should be of
    the same person, have parts that look alike, and be found again in its own drawing.
    A saved method holds the translator and the embedding's network, which is all that
    it predicts with.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="f2p-v2",
        title="F2P v2",
        version="1.0",
        paper="F2P v2 (Shi et al., AAAI 2020; TPAMI 2022)",
        licence="Apache-2.0",
        needs=tuple(WEIGHT_FILES.values()),
        pretrained=SIMILARITY_NETWORKS,
    )
    Options: ClassVar[type[F2PV2Options]] = F2PV2Options

    def __init__(self, options: F2PV2Options) -> None:
        self.options = options
        self._state: _Fitted | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The embedding's file, and the parser's where the content has a weight."""
        similarity = options.similarity
        content = content_files(similarity.parser) if similarity.content_weight else ()
        return (*identity_files(similarity.identity), *content)

    def foresee(self, context: FitContext) -> Foresight:
        """The imitator's stages, and what all later ones take."""
        return foreseen_translation(context, self.options)

    def fit(self, context: FitContext) -> None:
        """Train the imitator and the translator; stages of the store."""
        self._learn(self._course(context), context)

    def trace(self, context: FitContext) -> Trace:
        """The imitator, the translator, and how like faces what it makes of them is."""
        course = self._course(context)
        translated = self._learn(course, context)
        seen = Step("similarity-features", {"faces": float(len(course.faces.identity))})
        later = (seen, Step("translator", dict(translated.measures)))
        return traced(
            context.engine, course.imitated, course.judge, self.predict, later
        )

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Faces go through the networks one by one, so that a prediction depends on its
        face alone. Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        frame = TEMPLATES[self.options.similarity.template]
        device = next(fitted.network.parameters()).device
        with torch.inference_mode():
            rows = [torch.zeros(0, fitted.spec.flat_size)]
            for face in faces:
                seen = fitted.identity.embeddings(face[None].to(device), frame)
                rows.append(self._vectors(fitted.network, seen, fitted.prior).cpu())
        return strict(fitted.spec, torch.cat(rows))

    def save(self, folder: Path) -> None:
        """Write options, spec, translator, prior and the embedding's network."""
        fitted = self._fitted
        network = fitted.network.state_dict()
        tensors = {f"{TRANSLATOR}{key}": value for key, value in network.items()}
        prior = fitted.prior.tensors() if fitted.prior is not None else {}
        save_method(
            folder,
            self.meta,
            self.options,
            fitted.spec,
            fitted.notes,
            {**tensors, **prior},
        )
        keep_files(_embedding_alone(self.options), fitted.files, folder / SIMILARITY)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        options, tensors = method.options, saved.tensors()
        files = kept_files(_embedding_alone(options), folder / SIMILARITY)
        network = {
            key.removeprefix(TRANSLATOR): value
            for key, value in tensors.items()
            if key.startswith(TRANSLATOR)
        }
        method._state = _Fitted(
            saved.spec,
            Identity(files, options.similarity, device),
            restored(saved.spec, options.translator, network, device),
            Prior.of(tensors, device) if len(tensors) > len(network) else None,
            files,
            saved.extra,
        )
        return method

    def _course(self, context: FitContext) -> Course:
        files = self._files(context)
        return prepared_course(
            fitted_imitator(context, self.options),
            Identity(files, self.options.similarity, context.device),
            files,
            self.options,
            context,
        )

    def _learn(self, course: Course, context: FitContext) -> Translated:
        """The translator of a course, which this predicts with from now on."""
        translated = trained_translator(course, context.store, context.progress)
        identity, files = course.judge.terms["identity"], self._files(context)
        assert isinstance(identity, Identity)
        kept = identity_files(self.options.similarity.identity)
        self._state = _Fitted(
            course.spec,
            identity,
            translated.network,
            self._prior(course, translated.network),
            {name: files[name] for name in kept},
            {
                "imitator": course.imitated.digest,
                "translator": translated.digest,
                "measures": {**course.imitated.measures, **translated.measures},
                "files": {name: file_digest(path) for name, path in files.items()},
            },
        )
        return translated

    def _files(self, context: FitContext) -> dict[str, Path]:
        """The weight files to read; MethodError where the context lacks one."""
        names = self.required_weights(self.options)
        missing = [name for name in names if name not in context.weights]
        if missing:
            raise MethodError(
                f"{self.meta.name} wants the weight file {' and '.join(missing)}: see "
                "`avatarbench weights list`, or change the options under similarity"
            )
        return {name: context.weights[name] for name in names}

    def _prior(self, course: Course, network: Translator) -> Prior | None:
        """The prior of what the translator makes of train faces, where wanted."""
        wanted = self.options.prior
        if wanted.share is None:
            return None
        faces = course.faces.identity
        count = min(len(faces), wanted.faces or len(faces))
        with torch.inference_mode():
            seen = faces.rows(torch.arange(count), course.device)
            vectors = self._vectors(network, seen, None)
        prior = fitted_prior(course.spec, vectors, wanted.share)
        return Prior.of(prior.tensors(), course.device)

    def _vectors(
        self, network: Translator, seen: Tensor, prior: Prior | None
    ) -> Tensor:
        """(n, flat_size) relaxed vectors of embeddings, brought near to the prior."""
        sharpness = self.options.translator.sharpness
        vectors = relaxed(network.spec, network(seen), sharpness)
        return vectors if prior is None else prior.nearest(vectors)

    @property
    def _fitted(self) -> _Fitted:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state


def _embedding_alone(options: F2PV2Options) -> SimilarityOptions:
    """The part of the similarity that predicting needs, whatever its weight."""
    return options.similarity.model_copy(
        update={"identity_weight": 1.0, "content_weight": 0.0}
    )
