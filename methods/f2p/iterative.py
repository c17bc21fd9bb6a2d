"""F2P: a face's vector is searched through the imitator, face by face.

Shi et al., "Face-to-Parameter Translation for Game Character Auto-Creation" (ICCV
2019), with the discrete parameters and the facial prior of TPAMI 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from methods.base import FitContext, MethodError, MethodMeta, Pictures
from methods.f2p.alignment import TEMPLATES, Frame
from methods.f2p.comparison import Judge
from methods.f2p.foreseen import foreseen_search
from methods.f2p.imitation import fitted_imitator, plain, restored
from methods.f2p.landmarks import locate
from methods.f2p.options import F2POptions
from methods.f2p.prior import Prior, fitted_prior
from methods.f2p.search import Found, Search
from methods.f2p.search_cache import searched_vectors
from methods.f2p.similarity_networks import (
    SIMILARITY_NETWORKS,
    judge_files,
    keep_files,
    kept_files,
    open_terms,
)
from methods.f2p.trace import traced
from methods.networks.imitator import Imitator
from methods.networks.lightcnn import WEIGHT_FILES
from methods.shared.pictures import check_faces
from methods.shared.saving import load_method, save_method
from methods.shared.stage_estimate import Foresight
from methods.shared.tracing import Step, Trace

SIMILARITY = "similarity"
IMITATOR = "imitator."


@dataclass(frozen=True)
class _Fitted:
    """What predicting needs: the imitator, the judge, its files, and a prior or none.

    `notes` are the digests and measures that a saved method tells of itself.
    """

    spec: AvatarSpec
    network: Imitator
    judge: Judge
    files: Mapping[str, Path]
    prior: Prior | None
    notes: Mapping[str, Any]


class F2P:
    """Gradient search from the mean avatar for the vector whose picture is most alike.

    Likeness is of persons (face embeddings) and of faces' parts (a face parser's
    features), both seen through a network that imitates the engine. A saved method
    holds these networks: it needs no other file, and no engine.
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

    def __init__(self, options: F2POptions) -> None:
        self.options = options
        self._state: _Fitted | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """The files of the similarity's networks, where their terms have a weight."""
        return judge_files(options.similarity)

    def foresee(self, context: FitContext) -> Foresight:
        """The imitator's stages, and what a search takes."""
        return foreseen_search(context, self.options)

    def fit(self, context: FitContext) -> None:
        """Train the imitator and, where wanted, fit the prior; stages of the store.

        The avatars' frame, which is where an engine draws eyes and mouth, is found by
        looking at a few renders.
        """
        imitated = fitted_imitator(context, self.options)
        files = {name: context.weights[name] for name in self._wanted(context)}
        judge = self._judge(files, locate(context.engine).frame, context.device)
        fitted = _Fitted(
            imitated.spec,
            imitated.network,
            judge,
            files,
            None,
            {
                "imitator": imitated.digest,
                "measures": dict(imitated.measures),
                "networks": {name: term.digest for name, term in judge.terms.items()},
            },
        )
        self._state = replace(fitted, prior=self._prior(fitted, context))

    def trace(self, context: FitContext) -> Trace:
        """The imitator, and how like faces what the search finds for them is."""
        self.fit(context)
        fitted, later = self._fitted, ()
        if fitted.prior is not None:
            kept = fitted.prior.directions.shape[1]
            later = (Step("searched-faces", {"directions": float(kept)}),)
        imitated = fitted_imitator(context, self.options)
        return traced(context.engine, imitated, fitted.judge, self.predict, later)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Each is a search of its own, `search.batch` of them at once. Raises ValueError
        for other shapes and ranges.
        """
        return self.search(faces).vectors

    def search(self, faces: Tensor) -> Found:
        """What the searches for (n, 3, S, S) faces found, likeness before and after.

        Raises ValueError for other shapes and ranges.
        """
        fitted = self._fitted
        check_faces(faces, self.options.input_size)
        pieces = faces.split(self.options.search.batch)
        # A search needs gradients, whoever asks for it.
        with torch.inference_mode(False):
            search = self._search(fitted)
            found = [
                search.run(fitted.judge.against(some.to(search.device)), len(some))
                for some in pieces
            ]
        return Found.concatenate(found)

    def similarity(self, faces: Tensor, pictures: Tensor) -> Tensor:
        """(n, 2) `methods.f2p.comparison.TERMS` of n pictures to n faces.

        Faces (n, 3, H, H) and pictures of avatars (n, 3, S, S), such as the engine's
        renders of what was found, lie in [-1, 1]; both may have any size.
        """
        judge = self._fitted.judge
        device = next(self._fitted.network.parameters()).device
        with torch.no_grad():
            return judge.against(faces.to(device))(pictures.to(device)).cpu()

    def save(self, folder: Path) -> None:
        """Write options, spec, imitator, prior and the similarity's networks."""
        fitted = self._fitted
        tensors = {f"{IMITATOR}{k}": v for k, v in plain(fitted.network).items()}
        prior = fitted.prior.tensors() if fitted.prior is not None else {}
        frame = fitted.judge.avatars
        extra = {**fitted.notes, "eyes": frame.eyes, "mouth": frame.mouth}
        save_method(
            folder, self.meta, self.options, fitted.spec, extra, {**tensors, **prior}
        )
        keep_files(self.options.similarity, fitted.files, folder / SIMILARITY)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Read what `save` wrote, to search on `device`."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        options, extra = method.options, dict(saved.extra)
        # Rounding depends on where tensors lie in memory; those of files lie oddly.
        tensors = {key: value.clone() for key, value in saved.tensors().items()}
        files = kept_files(options.similarity, folder / SIMILARITY)
        frame = Frame(tuple(extra.pop("eyes")), tuple(extra.pop("mouth")))
        imitator = {
            key.removeprefix(IMITATOR): value
            for key, value in tensors.items()
            if key.startswith(IMITATOR)
        }
        method._state = _Fitted(
            saved.spec,
            restored(saved.spec, options.imitator, imitator, device),
            method._judge(files, frame, device),
            files,
            Prior.of(tensors, device) if len(tensors) > len(imitator) else None,
            extra,
        )
        return method

    def _wanted(self, context: FitContext) -> tuple[str, ...]:
        """The weight files to read; MethodError where the context lacks one."""
        names = self.required_weights(self.options)
        missing = [name for name in names if name not in context.weights]
        if missing:
            raise MethodError(
                f"{self.meta.name} wants the weight file {' and '.join(missing)}: see "
                "`avatarbench weights list`, or change the options under similarity"
            )
        return names

    def _judge(self, files: Mapping[str, Path], avatars: Frame, device: str) -> Judge:
        options = self.options.similarity
        terms = open_terms(options, files, device)
        return Judge(terms, TEMPLATES[options.template], avatars)

    def _search(self, fitted: _Fitted) -> Search:
        options = self.options
        return Search(
            fitted.spec,
            fitted.network,
            options.search,
            options.similarity,
            fitted.prior,
        )

    def _prior(self, fitted: _Fitted, context: FitContext) -> Prior | None:
        """The prior of what a search without one finds for train faces, if wanted."""
        options = self.options
        if options.prior.share is None:
            return None
        faces = context.faces
        some = Pictures(faces.images[: options.prior.faces], faces.digest)
        vectors = searched_vectors(
            self._search(fitted),
            fitted.judge,
            some,
            options.search,
            options.similarity,
            fitted.notes["imitator"],
            context.store,
            context.progress,
            context.device,
        )
        prior = fitted_prior(fitted.spec, vectors, options.prior.share)
        return Prior.of(prior.tensors(), context.device)

    @property
    def _fitted(self) -> _Fitted:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state
