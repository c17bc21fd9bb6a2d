"""F2P: each face's vector is found by gradient descent through the imitator.

Shi et al., "Face-to-Parameter Translation for Game Character Auto-Creation" (ICCV
2019). Discrete parameters and the facial prior follow the journal version, "Neural
Rendering for Game Character Auto-creation" (TPAMI 2022), sections 3.3 and 3.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from methods.base import FitContext, MethodMeta, Pictures
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.base import F2PBase, FittedState, SavedState
from methods.f2p.comparison import SimilarityNetwork
from methods.f2p.imitation import fit_imitator, restore_imitator
from methods.f2p.landmarks import find_landmarks
from methods.f2p.options import F2POptions
from methods.f2p.prior import Prior, fit_prior
from methods.f2p.search import Search, SearchResult
from methods.f2p.search_cache import cached_search_vectors
from methods.f2p.similarity_networks import (
    SIMILARITY_NETWORKS,
    open_terms,
    similarity_files,
)
from methods.f2p.trace import traced
from methods.networks.imitator import Imitator
from methods.networks.lightcnn import WEIGHT_FILES
from methods.shared.pictures import check_faces
from methods.tracing import Step, Trace


@dataclass(frozen=True)
class _Fitted(FittedState):
    network: Imitator
    similarity: SimilarityNetwork


class F2P(F2PBase[F2POptions, _Fitted]):
    """Gradient search, from the mean avatar, for the vector most similar to a face.

    The similarity compares identity (face embeddings) and content (features of a face
    parser). Both look at pictures drawn by an imitator, a network trained to draw as
    the engine does. A saved method contains all these networks: it needs no other
    file, and no engine.

    By default, one deviation from the paper: the content distance is a mean, not a sum.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="f2p",
        title="F2P",
        version="1.0",
        paper="F2P (Shi et al., ICCV 2019; TPAMI 2022)",
        licence="Apache-2.0",
        needs=tuple(WEIGHT_FILES.values()),
        pretrained=SIMILARITY_NETWORKS,
    )
    Options: ClassVar[type[F2POptions]] = F2POptions
    _prefix: ClassVar[str] = "imitator."

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The files of the similarity's networks whose term has a weight."""
        return similarity_files(options.similarity)

    def fit(self, context: FitContext) -> None:
        """Train the imitator and, if the options ask for one, fit the prior.

        Both are stages of the store. The positions of eyes and mouth in the engine's
        avatars are measured on a few renders.
        """
        imitator = fit_imitator(context, self.options)
        files = self._weight_files(context)
        frame = find_landmarks(context.engine).frame
        similarity = self._open_similarity(files, frame, context.device)
        fitted = _Fitted(
            spec=imitator.spec,
            network=imitator.network,
            prior=None,
            files=files,
            notes={
                "imitator": imitator.digest,
                "measures": dict(imitator.measures),
                "networks": {n: term.digest for n, term in similarity.terms.items()},
                "eyes": frame.eyes,
                "mouth": frame.mouth,
            },
            similarity=similarity,
        )
        self._state = replace(fitted, prior=self._fit_prior(fitted, context))

    def trace(self, context: FitContext) -> Trace:
        """The imitator, and how similar the found avatars are to their faces."""
        self.fit(context)
        fitted, later = self._fitted, ()
        if fitted.prior is not None:
            directions = fitted.prior.directions.shape[1]
            later = (Step("searched-faces", {"directions": float(directions)}),)
        imitator = fit_imitator(context, self.options)
        return traced(context.engine, imitator, fitted.similarity, self.predict, later)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Each face is searched independently, `search.batch` of them at once. Raises
        ValueError for other shapes and ranges.
        """
        return self.search(faces).vectors

    def search(self, faces: Tensor) -> SearchResult:
        """Vectors for (n, 3, S, S) faces, with the similarity before and after.

        Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        batches = faces.split(self.options.search.batch)
        # The search needs gradients even where the caller has switched them off.
        with torch.inference_mode(False):
            search = self._search(fitted)
            results = [
                search.run(
                    fitted.similarity.against(batch.to(search.device)), len(batch)
                )
                for batch in batches
            ]
        return SearchResult.concatenate(results)

    def similarity(self, faces: Tensor, pictures: Tensor) -> Tensor:
        """(n, 2) distances (`methods.f2p.comparison.TERMS`) of n pictures to n faces.

        Faces (n, 3, H, H) and pictures of avatars (n, 3, S, S) are in [-1, 1] and may
        have any size. Pictures may be the engine's own renders.
        """
        fitted = self._fitted
        device = next(fitted.network.parameters()).device
        with torch.no_grad():
            compare = fitted.similarity.against(faces.to(device))
            return compare(pictures.to(device)).cpu()

    def _restore(self, saved: SavedState, device: str) -> _Fitted:
        frame = Frame(tuple(saved.notes["eyes"]), tuple(saved.notes["mouth"]))
        options = self.options.imitator
        return _Fitted(
            spec=saved.spec,
            network=restore_imitator(saved.spec, options, saved.tensors, device),
            prior=saved.prior,
            files=saved.files,
            notes=saved.notes,
            similarity=self._open_similarity(saved.files, frame, device),
        )

    def _open_similarity(
        self, files: Mapping[str, Path], avatars: Frame, device: str
    ) -> SimilarityNetwork:
        options = self.options.similarity
        terms = open_terms(options, files, device)
        return SimilarityNetwork(terms, TEMPLATES[options.template], avatars)

    def _search(self, fitted: _Fitted) -> Search:
        options = self.options
        return Search(
            fitted.spec,
            fitted.network,
            options.search,
            options.similarity,
            fitted.prior,
        )

    def _fit_prior(self, fitted: _Fitted, context: FitContext) -> Prior | None:
        """The prior, fitted to vectors that a search without prior finds.

        The search runs on train faces. None where the options ask for no prior.
        """
        options = self.options
        if options.prior.share is None:
            return None
        faces = context.faces
        pictures = Pictures(faces.images[: options.prior.faces], faces.digest)
        vectors = cached_search_vectors(
            self._search(fitted),
            fitted.similarity,
            pictures,
            options.search,
            options.similarity,
            fitted.notes["imitator"],
            context.store,
            context.progress,
            context.device,
        )
        prior = fit_prior(fitted.spec, vectors, options.prior.share)
        return Prior.of(prior.tensors(), context.device)
