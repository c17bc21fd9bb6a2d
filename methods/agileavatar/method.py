"""AgileAvatar: a face is stylised, mapped to a relaxed vector, and searched.

Sang et al., "AgileAvatar: Stylized 3D Avatar Creation via Cascaded Domain Bridging"
(SIGGRAPH Asia 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from benchmark.storage.digests import digest_of, file_digest
from benchmark.weights import EFFICIENTNET_LITE0
from methods.agileavatar.comparison import Draw, rendered, searched
from methods.agileavatar.likeness import Likeness, likeness_files
from methods.agileavatar.mapper import restore_mapper, trained_mapper
from methods.agileavatar.options import AgileAvatarOptions
from methods.agileavatar.state import Fitted
from methods.agileavatar.stylisation import (
    dual_pictures,
    generators_of,
    restore_stylist,
    stylised,
    trained_stylist,
)
from methods.agileavatar.trace import traced
from methods.base import FitContext, MethodError, MethodMeta, PretrainedPart
from methods.f2p.imitation import TrainedImitator, fit_imitator, restore_imitator
from methods.shared.pictures import check_faces
from methods.shared.saving import load_method, save_method
from methods.swiftavatar.pretrained_pair import pair_files
from methods.tracing import Trace

IMITATOR, STYLIST, MAPPER = "imitator.", "stylist.", "mapper."
"""Starts of the names of each network's tensors in a saved method."""


class AgileAvatar:
    """Three smaller gaps instead of one between a photograph and an avatar's vector.

    Stage 1 draws the face as an avatar without expression. Stage 2 maps the drawing to
    a relaxed vector, whose drawing by a frozen imitator should be like it. Stage 3
    searches a vector that the engine accepts, by comparison. A saved method contains
    all networks.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="agileavatar",
        title="AgileAvatar",
        version="1.0",
        paper="AgileAvatar (Sang et al., SIGGRAPH Asia 2022)",
        licence="Apache-2.0",
        needs=(EFFICIENTNET_LITE0,),
        pretrained=(
            PretrainedPart(
                "SemanticStyleGAN",
                "option `generator`; by default the project's own portraits64",
                "portraits with part maps (see the card of the weights)",
                "CC0-1.0 (portraits64)",
            ),
        ),
    )
    Options: ClassVar[type[AgileAvatarOptions]] = AgileAvatarOptions

    def __init__(self, options: AgileAvatarOptions) -> None:
        self.options = options
        self._state: Fitted | None = None
        self._engine: Engine | None = None
        self._notes: Mapping[str, Any] = {}

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """Files of the pretrained generator and of the perceptual network."""
        files = list(likeness_files(options.likeness))
        if options.stylisation.active:
            published = options.adaptation.projected is None
            files += pair_files(options.generator, published)
            files += [] if published else [EFFICIENTNET_LITE0]
        return tuple(dict.fromkeys(files))

    def fit(self, context: FitContext) -> None:
        """Train imitator, stylisation and mapper; all of them are stages."""
        options, device = self.options, context.device
        imitator = fit_imitator(context, options)
        size = imitator.network.size
        likeness = Likeness.open(options.likeness, context.weights, size, device)
        stylist, stylist_digest = None, "none"
        if options.stylisation.active:
            chain, own = generators_of(options, context), options.stylisation
            pairs = dual_pictures(chain, own, context.seed, context)
            trained = trained_stylist(pairs, size, own, options.augmentation, context)
            stylist, stylist_digest = trained.network, trained.digest
        files = {
            name: file_digest(context.weights[name])
            for name in likeness_files(options.likeness)
        }
        mapper = trained_mapper(
            lambda faces: stylised(faces, stylist, size),
            digest_of([stylist_digest, files]),
            imitator,
            likeness,
            options,
            context,
        )
        self._state = Fitted(imitator, stylist, mapper.network, likeness)
        self._engine = context.engine
        self._notes = {
            "imitator": imitator.digest,
            "stylist": stylist_digest,
            "mapper": mapper.digest,
            "measures": dict(imitator.measures),
        }

    def trace(self, context: FitContext) -> Trace:
        """The imitator, and what each stage draws of faces."""
        self.fit(context)
        return traced(context.engine, self._fitted, self.predict)

    def predict(self, faces: Tensor) -> AvatarVectors:
        """Vectors for (n, 3, S, S) float32 faces in [-1, 1], S the input size.

        Each face is searched on its own. Raises ValueError for other shapes and ranges,
        and MethodError where the engine is needed and missing.
        """
        fitted, options = self._fitted, self.options
        check_faces(faces, options.input_size)
        redraw = self._redraw()
        spec, rows = fitted.imitator.spec, list[AvatarVectors]()
        for face in faces:
            with torch.no_grad():
                drawing = fitted.stylise(face[None].to(fitted.device))
                numbers = fitted.mapper(drawing)
            rows.append(
                searched(
                    spec,
                    numbers,
                    fitted.imitator.draw,
                    fitted.likeness,
                    drawing,
                    options.comparison,
                    redraw,
                )
            )
        if not rows:
            return AvatarVectors.sample(spec, 1, seed=0)[:0]
        return AvatarVectors.concatenate(rows)

    def use_engine(self, engine: Engine) -> None:
        """Draw the last candidates of a loaded method with this engine.

        Raises MethodError for an engine with another spec.
        """
        spec = self._fitted.imitator.spec
        if engine.spec != spec:
            raise MethodError(
                f"{self.meta.name} is fitted to engine {spec.name}, and its candidates "
                f"cannot be drawn by {engine.spec.name}"
            )
        self._engine = engine

    def _redraw(self) -> Draw | None:
        """Draws finalists; None without them."""
        fitted, comparison = self._fitted, self.options.comparison
        if not comparison.finalists or not comparison.sweeps:
            return None
        if self._engine is None:
            raise MethodError(
                f"{self.meta.name} draws its last candidates with the engine: call "
                "use_engine after load, or set comparison.finalists to 0"
            )
        return rendered(self._engine, fitted.imitator.network.size, fitted.device)

    def save(self, folder: Path | str) -> None:
        """Write options, spec and all networks."""
        fitted = self._fitted
        networks: dict[str, torch.nn.Module] = {
            IMITATOR: fitted.imitator.network,
            MAPPER: fitted.mapper,
        }
        if fitted.stylist is not None:
            networks[STYLIST] = fitted.stylist
        tensors = {
            f"{prefix}{key}": value
            for prefix, network in networks.items()
            for key, value in network.state_dict().items()
        }
        tensors |= fitted.likeness.tensors()
        spec = fitted.imitator.spec
        save_method(folder, self.meta, self.options, spec, self._notes, tensors)

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device` after `use_engine`."""
        saved = load_method(folder, cls.meta)
        method = cls(AgileAvatarOptions.model_validate(saved.options))
        options, spec = method.options, saved.spec
        # Rounding depends on memory alignment, and tensors of a file are not aligned.
        tensors = {key: value.clone() for key, value in saved.tensors().items()}

        def own(prefix: str) -> dict[str, Tensor]:
            return {
                key.removeprefix(prefix): value
                for key, value in tensors.items()
                if key.startswith(prefix)
            }

        network = restore_imitator(spec, options.imitator, own(IMITATOR), device)
        notes, size = saved.extra, network.size
        imitator = TrainedImitator(spec, network, notes["imitator"], notes["measures"])
        style = options.stylisation
        method._state = Fitted(
            imitator,
            restore_stylist(style.width, own(STYLIST), device)
            if style.active
            else None,
            restore_mapper(spec, size, options.mapper, own(MAPPER), device),
            Likeness.restore(options.likeness, tensors, size, device),
        )
        method._notes = notes
        return method

    @property
    def _fitted(self) -> Fitted:
        if self._state is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._state
