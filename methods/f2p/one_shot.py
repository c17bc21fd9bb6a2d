"""F2P v2: a network predicts a face's vector in one pass; it learns without labels.

Shi et al., "Fast and Robust Face-to-Parameter Translation for Game Character
Auto-Creation" (AAAI 2020), the one-shot mode of TPAMI 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.storage.digests import file_digest
from methods.base import FitContext, MethodMeta
from methods.f2p.alignment import TEMPLATES
from methods.f2p.base import F2PBase, FittedState, SavedState
from methods.f2p.content import content_files
from methods.f2p.identity import Identity, identity_files
from methods.f2p.imitation import fit_imitator
from methods.f2p.options import F2PV2Options, SimilarityOptions
from methods.f2p.preparation import prepare_training_setup
from methods.f2p.prior import Prior, fit_prior
from methods.f2p.relaxed import relaxed, strict
from methods.f2p.similarity_networks import SIMILARITY_NETWORKS
from methods.f2p.trace import traced
from methods.f2p.training_setup import TrainingSetup
from methods.f2p.translation import (
    TrainedTranslator,
    restore_translator,
    trained_translator,
)
from methods.networks.lightcnn import WEIGHT_FILES
from methods.networks.translator import Translator
from methods.shared.pictures import check_faces
from methods.tracing import Step, Trace


@dataclass(frozen=True)
class _Fitted(FittedState):
    network: Translator
    identity: Identity


class F2PV2(F2PBase[F2PV2Options, _Fitted]):
    """A translator from face embeddings to vectors, trained through an imitator.

    The translator learns from unlabelled train faces. The imitator draws its vectors,
    and the drawing should show the same person, have similar parts, and give the same
    vector again (the loopback loss). A saved method contains the translator and the
    network of the embeddings; predicting needs nothing else.

    By default, one deviation from the paper: content and loopback distances are means,
    not sums. The option `warm_steps` adds a supervised warm start.
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
    _prefix: ClassVar[str] = "translator."

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The embedding's file, and the parser's where the content has a weight."""
        similarity = options.similarity
        content = content_files(similarity.parser) if similarity.content_weight else ()
        return (*identity_files(similarity.identity), *content)

    def fit(self, context: FitContext) -> None:
        """Train the imitator and the translator; both are stages of the store."""
        self._train(self._prepare(context), context)

    def trace(self, context: FitContext) -> Trace:
        """The imitator, the translator, and how similar predictions are to faces."""
        setup = self._prepare(context)
        translator = self._train(setup, context)
        count = float(len(setup.faces.identity))
        later = (
            Step("similarity-features", {"faces": count}),
            Step("translator", dict(translator.measures)),
        )
        return traced(
            context.engine, setup.imitator, setup.similarity, self.predict, later
        )

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Faces pass through the networks one by one, so that a prediction depends on its
        own face only. Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        frame = TEMPLATES[self.options.similarity.template]
        device = next(fitted.network.parameters()).device
        with torch.inference_mode():
            rows = [torch.zeros(0, fitted.spec.flat_size)]
            for face in faces:
                embedding = fitted.identity.embeddings(face[None].to(device), frame)
                vector = self._translate(fitted.network, embedding, fitted.prior)
                rows.append(vector.cpu())
        return strict(fitted.spec, torch.cat(rows))

    def _prepare(self, context: FitContext) -> TrainingSetup:
        files = self._weight_files(context)
        return prepare_training_setup(
            fit_imitator(context, self.options),
            Identity(files, self.options.similarity, context.device),
            files,
            self.options,
            context,
        )

    def _train(self, setup: TrainingSetup, context: FitContext) -> TrainedTranslator:
        """Train the translator of a setup and keep it for predictions."""
        translator = trained_translator(setup, context.store, context.progress)
        identity, files = (
            setup.similarity.terms["identity"],
            self._weight_files(context),
        )
        assert isinstance(identity, Identity)
        kept = identity_files(self.options.similarity.identity)
        self._state = _Fitted(
            spec=setup.spec,
            network=translator.network,
            prior=self._fit_prior(setup, translator.network),
            files={name: files[name] for name in kept},
            notes={
                "imitator": setup.imitator.digest,
                "translator": translator.digest,
                "measures": {**setup.imitator.measures, **translator.measures},
                "files": {name: file_digest(path) for name, path in files.items()},
            },
            identity=identity,
        )
        return translator

    def _fit_prior(self, setup: TrainingSetup, network: Translator) -> Prior | None:
        """The prior, fitted to the translator's vectors of train faces.

        None where the options ask for no prior.
        """
        options = self.options.prior
        if options.share is None:
            return None
        faces = setup.faces.identity
        count = min(len(faces), options.faces or len(faces))
        with torch.inference_mode():
            embeddings = faces.rows(torch.arange(count), setup.device)
            vectors = self._translate(network, embeddings, None)
        prior = fit_prior(setup.spec, vectors, options.share)
        return Prior.of(prior.tensors(), setup.device)

    def _translate(
        self, network: Translator, embeddings: Tensor, prior: Prior | None
    ) -> Tensor:
        """(n, flat_size) relaxed vectors of embeddings, projected onto the prior."""
        sharpness = self.options.translator.sharpness
        vectors = relaxed(network.spec, network(embeddings), sharpness)
        return vectors if prior is None else prior.nearest(vectors)

    def _restore(self, saved: SavedState, device: str) -> _Fitted:
        options = self.options
        network = restore_translator(
            saved.spec, options.translator, saved.tensors, device
        )
        return _Fitted(
            spec=saved.spec,
            network=network,
            prior=saved.prior,
            files=saved.files,
            notes=saved.notes,
            identity=Identity(saved.files, options.similarity, device),
        )

    def _similarity_to_save(self) -> SimilarityOptions:
        """Predicting always needs the embeddings, and never the content."""
        return self.options.similarity.model_copy(
            update={"identity_weight": 1.0, "content_weight": 0.0}
        )
