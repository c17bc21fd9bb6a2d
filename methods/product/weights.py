"""The product estimator in a folder of weights, with a card.

card.json               origin, licence and quality of the weights
estimator.safetensors   the network's state dict, see `methods.product.quantisation`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from benchmark.avatars import AvatarSpec
from benchmark.avatars.counting import counted
from benchmark.storage.digests import file_digest
from benchmark.weights.folders import (
    CARD,
    ESTIMATOR,
    SHIPPED,
    WeightsError,
    check_member,
    new_weights_folder,
)
from methods.product.network import NETWORK_SIZE, ProductEstimator
from methods.product.quantisation import PRECISION, dequantised, quantised_state

LABEL = "product estimator, not benchmarked"
SHIPPED_NAME = "estimator"
COMMANDS = (
    "`avatarbench faces crowd crowd128 --count 15500 --size 128` and `avatarbench "
    "train estimator crowd128 --export mine`"
)


class ProductCard(BaseModel):
    """Description of a product estimator's weights.

    Attributes:
        title: display name.
        label: says that the network is no contestant of the benchmark.
        network: architecture.
        engines: digest of the spec of each engine, by name.
        size: side in pixels of the faces that it takes.
        network_size: side in pixels to which the network enlarges smaller faces.
        head_width: hidden units of each head.
        licence: of the weights.
        data: training data.
        encoder: initial weights of the backbone.
        command: the command that made the folder.
        hours: machine hours of training.
        steps: optimiser steps.
        faces: training pictures shown, with a new randomisation each time.
        validation: the faces that were measured.
        scores: share of right options on them, or 1 minus the mean error of scalars,
            averaged over the parameters of each engine.
        weights: how they are stored; set by `write_product`.
        made_with: program and version that wrote the folder.
        notes: other information for users.
        parameters: number of learned parameters; set by `write_product`.
        digests: SHA-256 (hex) of the file; set by `write_product`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    label: str = LABEL
    network: str = "EfficientNet-Lite0, one head per engine"
    engines: dict[str, str]
    size: int
    network_size: int = NETWORK_SIZE
    head_width: int
    licence: str
    data: str
    encoder: str
    command: str
    hours: float | None
    steps: int
    faces: int
    validation: str
    scores: dict[str, float]
    weights: str = "half precision"
    made_with: str = ""
    notes: str = ""
    parameters: dict[str, int] = {}
    digests: dict[str, str] = {}


def write_product(
    folder: Path, network: ProductEstimator, card: ProductCard
) -> ProductCard:
    """Write an estimator and its card into a new folder; returns the card as written.

    Raises WeightsError where the folder exists or cannot be written.
    """
    with new_weights_folder(folder) as partial:
        (partial / ESTIMATOR).write_bytes(save(quantised_state(network)))
        count = sum(parameter.numel() for parameter in network.parameters())
        written = card.model_copy(
            update={
                "weights": PRECISION,
                "parameters": {ESTIMATOR: count},
                "digests": {ESTIMATOR: file_digest(partial / ESTIMATOR)},
            }
        )
        (partial / CARD).write_text(written.model_dump_json(indent=2) + "\n")
    return written


def read_product_card(folder: Path) -> ProductCard:
    """The card of an estimator's folder; WeightsError where there is none."""
    path = folder / CARD
    try:
        return ProductCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise WeightsError(
            f"{path} is not the card of an estimator: {key}: {first['msg']}; make one "
            f"with {COMMANDS}"
        ) from error


def load_product(
    folder: Path, specs: Mapping[str, AvatarSpec], device: str = "cpu"
) -> ProductEstimator:
    """The estimator of a folder, frozen and in single precision.

    Args:
        folder: folder of weights.
        specs: specs by engine; only the heads of these engines are read.
        device: torch device.

    Raises:
        WeightsError: where the folder is incomplete or was changed, has no head for an
            engine, or was trained for another version of its spec.
    """
    card = read_product_card(folder)
    for name, spec in specs.items():
        if name not in card.engines:
            raise WeightsError(
                f"{folder} has no head for engine {name}; it has "
                f"{counted(len(card.engines), 'head')}: {', '.join(card.engines)}"
            )
        if card.engines[name] != spec.digest:
            raise WeightsError(
                f"{folder} was trained for other parameters of engine {name}: make it "
                f"again with {COMMANDS}"
            )
    path = folder / ESTIMATOR
    if not path.is_file():
        raise WeightsError(f"{path} is missing: make it again with {COMMANDS}")
    check_member(path)
    network = ProductEstimator(specs, card.head_width, card.network_size)
    try:
        state = dequantised(load_file(path))
        network.load_state_dict(
            {k: v for k, v in state.items() if _wanted(k, tuple(specs))}
        )
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(
            f"{path} does not fit its card: {reason}; make it again with {COMMANDS}"
        ) from error
    return network.eval().requires_grad_(False).to(device)


def _wanted(key: str, engines: tuple[str, ...]) -> bool:
    part, _, rest = key.partition(".")
    return part != "heads" or rest.partition(".")[0] in engines


def shipped_product() -> Path:
    """The folder of the estimator that comes with the package; `create` uses it."""
    return SHIPPED / SHIPPED_NAME
