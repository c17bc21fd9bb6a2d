"""Recipes: the networks and the training of a generator, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from pydantic import AliasChoices, ConfigDict, Field, model_validator

from benchmark import weights
from benchmark.avatars.spec import did_you_mean
from benchmark.storage.yaml_files import load_yaml, yaml_problem
from benchmark.storage.yaml_mistakes import explain
from methods.networks.discriminator import SemanticDiscriminator
from methods.networks.generator_config import GeneratorConfig, channel_table
from methods.networks.projected_discriminator import ProjectedDiscriminator
from methods.networks.semantic_stylegan import SemanticGenerator
from methods.shared.options import NewerOptions, Options
from methods.shared.precision import Precision

RECIPES = Path(__file__).parent / "recipes"
"""Folder of the built-in recipes."""


class RecipeError(ValueError):
    """A recipe is unreadable or inconsistent; the message names the key."""


class Augmentation(Options):
    """Augmentation of real pictures together with their part maps.

    Attributes:
        flip: share of pictures that are mirrored.
        shift: maximum shift, as a share of the side.
        scale: maximum change of scale, up or down.
        turn: maximum rotation in degrees.
    """

    flip: float = Field(default=0.0, ge=0, le=1)
    shift: float = Field(default=0.0, ge=0, le=0.5)
    scale: float = Field(default=0.0, ge=0, lt=1)
    turn: float = Field(default=0.0, ge=0, le=180)


class DifferentiableAugmentation(Options):
    """Strength of the changes; 0 turns one off.

    Attributes:
        shift: maximum shift, as a share of the side.
        brightness: maximum added brightness, for values in [-1, 1].
        saturation: maximum change of the saturation's factor 1.
        contrast: maximum change of the contrast's factor 1.
    """

    shift: float = Field(default=1 / 12, ge=0, le=0.5)
    brightness: float = Field(default=0.2, ge=0, le=1)
    saturation: float = Field(default=0.3, ge=0, le=1)
    contrast: float = Field(default=0.3, ge=0, le=1)


class DiscriminatorOptions(Options):
    """SemanticStyleGAN's discriminator (methods.networks.discriminator)."""

    channel_multiplier: int = Field(default=2, ge=1)
    channels: dict[int, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        channel_table(self.channel_multiplier, self.channels)
        return self


class ProjectedOptions(Options):
    """The projected discriminator (methods.networks.projected_discriminator).

    Attributes:
        maps: whether the heads see part maps, too.
        width: channels of the mixed features.
        head_widths: channels of a head after each halving of the side.
        learning_rate: of the heads.
        map_noise: standard deviation of the noise on part maps, real and generated.
        picture_noise: the same for pictures.
        augmentation: of real and generated pictures alike.
    """

    maps: bool = True
    width: int = Field(default=64, ge=1)
    head_widths: tuple[int, int, int] = (64, 128, 128)
    learning_rate: float = Field(default=0.0002, gt=0)
    map_noise: float = Field(default=0.2, ge=0)
    picture_noise: float = Field(default=0.02, ge=0)
    augmentation: DifferentiableAugmentation = DifferentiableAugmentation()


class CoverageOptions(Options):
    """Pulling samples towards train faces (methods.generator.coverage).

    Attributes:
        first: pictures shown before the discriminator takes part.
        share: of a batch's samples that are mixed and follow whole faces.
        group: samples that are assigned to faces at once.
        pixels: weight of the squared error of pictures.
        colours: weight of the squared error of the parts' mean colours.
        maps: weight of the cross-entropy of part maps.
    """

    first: int = Field(default=0, ge=0)
    share: float = Field(default=0.5, gt=0, le=1)
    group: int = Field(default=1024, ge=1)
    pixels: float = Field(default=100.0, ge=0)
    colours: float = Field(default=100.0, ge=0)
    maps: float = Field(default=30.0, ge=0)


class Objective(Options):
    """Weights and intervals of the losses; defaults are SemanticStyleGAN's.

    Attributes:
        r1_image: weight of the R1 gradient penalty on pictures.
        r1_seg: weight of the R1 gradient penalty on segmentations.
        r1_every: iterations between two penalties.
        path: weight of the path-length regularisation; 0 disables it.
        path_every: iterations between two regularisations.
        path_shrink: divisor of the batch size for the regularisation.
        mask: weight of the distance between coarse and final segmentation.
        mask_entropy: weight of the coarse map's cross-entropy to the final one. Not in
            the paper: on small grids it keeps small parts, which `mask` can lose.
        mixing: share of iterations whose latent codes are mixed part by part.
    """

    r1_image: float = Field(default=10.0, ge=0)
    r1_seg: float = Field(default=1000.0, ge=0)
    r1_every: int = Field(default=16, ge=1)
    path: float = Field(default=0.5, ge=0)
    path_every: int = Field(default=4, ge=1)
    path_shrink: int = Field(default=2, ge=1)
    mask: float = Field(default=100.0, ge=0)
    mask_entropy: float = Field(default=0.0, ge=0)
    mixing: float = Field(default=0.3, ge=0, le=1)


class GeneratorRecipe(NewerOptions):
    """The networks and the training of a generator.

    Attributes:
        name: of the recipe.
        generator: keyword arguments of `SemanticGenerator`.
        discriminator: channels of SemanticStyleGAN's discriminator.
        projected: trains with a projected discriminator instead.
        coverage: pulls samples towards faces; needs projected with maps.
        objective: weights and intervals of the losses.
        augmentation: of real pictures.
        batch: pictures per iteration, over all devices.
        images: real pictures shown in the whole training.
        learning_rate: of both networks, before the lazy-regularisation correction; with
            a projected discriminator, of the generator only.
        ema_decay: decay of the averaged generator per iteration.
        precision: a precision of lightning-fabric.
        preview_every: real pictures between two checkpoint previews (sheets and quality
            scores). Recipes may use the old key `look_every`.
        seed: of all random numbers.
    """

    # Cards contain recipes with the old name of `preview_every`.
    model_config = ConfigDict(serialize_by_alias=True)
    NEWER: ClassVar[frozenset[str]] = frozenset({"projected", "coverage"})

    name: str
    generator: dict[str, Any] = Field(default_factory=dict)
    discriminator: DiscriminatorOptions = DiscriminatorOptions()
    projected: ProjectedOptions | None = None
    coverage: CoverageOptions | None = None
    objective: Objective = Objective()
    augmentation: Augmentation = Augmentation()
    batch: int = Field(default=16, ge=1)
    images: int = Field(ge=1)
    learning_rate: float = Field(default=0.002, gt=0)
    ema_decay: float = Field(default=0.5 ** (32 / 10_000), ge=0, lt=1)
    precision: Precision = "32-true"
    preview_every: int = Field(
        default=20_000,
        ge=1,
        validation_alias=AliasChoices("preview_every", "look_every"),
        serialization_alias="look_every",
    )
    seed: int = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for problem in _generator_problems(self.generator):
            raise ValueError(problem)
        config = self.config
        if config.size < 8:
            raise ValueError(f"generator.size must be at least 8, not {config.size}")
        if self.batch > 4 and self.batch % 4:
            raise ValueError(f"batch must be a multiple of 4, not {self.batch}")
        if self.projected is not None:
            self._check_projected()
        if self.coverage is not None:
            self._check_coverage(self.coverage)
        return self

    def _check_coverage(self, coverage: CoverageOptions) -> None:
        if self.projected is None or not self.projected.maps:
            raise ValueError(
                "coverage needs a projected discriminator that sees part maps"
            )
        pulled = coverage.share * self.batch
        if pulled % 1 or coverage.group % self.batch or coverage.group % pulled:
            raise ValueError(
                "coverage.share must give a whole number of samples of a batch, and "
                "coverage.group must be a multiple of it and of batch, but share is "
                f"{coverage.share}, group {coverage.group} and batch {self.batch}"
            )

    def _check_projected(self) -> None:
        if "discriminator" in self.model_fields_set:
            raise ValueError("give either discriminator or projected, not both")
        if self.objective.r1_image or self.objective.r1_seg:
            raise ValueError(
                "objective.r1_image and objective.r1_seg must be 0 with a projected "
                "discriminator, which is trained without gradient penalty"
            )

    @property
    def config(self) -> GeneratorConfig:
        """The generator's hyper-parameters."""
        return GeneratorConfig(**self.generator)

    @property
    def iterations(self) -> int:
        """Iterations until all `images` were shown."""
        return -(-self.images // self.batch)

    def make_generator(self) -> SemanticGenerator:
        """A generator with random weights, from torch's global generator."""
        return SemanticGenerator(**self.generator)

    @property
    def exported_discriminator(self) -> dict[str, Any] | None:
        """Keyword arguments of `SemanticDiscriminator`; None for a projected one.

        The heads of a projected discriminator are of no use without their features, and
        a new training starts from new heads.
        """
        if self.projected is not None:
            return None
        config = self.config
        own = self.discriminator.model_dump()
        return {"size": config.size, "seg_dim": config.seg_dim, **own}

    def make_discriminator(self) -> SemanticDiscriminator | ProjectedDiscriminator:
        """A discriminator with random weights, from torch's global generator.

        Raises WeightsError if a projected one has no backbone weights.
        """
        if self.projected is None:
            return SemanticDiscriminator(**(self.exported_discriminator or {}))
        own = self.projected
        maps = self.config.seg_dim if own.maps else 0
        network = ProjectedDiscriminator(maps, own.width, own.head_widths)
        file = weights.require(weights.EFFICIENTNET_LITE0, "projected discriminators")
        network.load_backbone(file)
        return network


def _generator_problems(options: Mapping[str, Any]) -> Iterator[str]:
    """Errors of options that are no valid fields of GeneratorConfig."""
    defaults = {field.name: field.default for field in fields(GeneratorConfig)}
    for key, value in options.items():
        kind = type(defaults.get(key))
        if key not in defaults:
            yield f"generator.{key} is not an option{did_you_mean(key, defaults)}"
        elif kind is int and not _is_count(value, lowest=key != "base_layers"):
            yield f"generator.{key} must be a positive whole number, not {value!r}"
        elif kind in (bool, float) and type(value) is not kind:
            yield f"generator.{key} must be a {kind.__name__}, not {value!r}"
        elif key == "channels" and not (
            isinstance(value, Mapping)
            and all(_is_count(each) for pair in value.items() for each in pair)
        ):
            yield f"generator.channels must map sizes to channels, not {value!r}"
        elif key == "transparent_dims" and not (
            isinstance(value, list | tuple) and all(type(each) is int for each in value)
        ):
            yield f"generator.transparent_dims must be a list of parts, not {value!r}"


def _is_count(value: object, lowest: int = 1) -> bool:
    return type(value) is int and value >= lowest


def recipe_names() -> tuple[str, ...]:
    """The names of the built-in recipes."""
    return tuple(sorted(path.stem for path in RECIPES.glob("*.yaml")))


def read_recipe(name_or_path: str, **changes: Any) -> GeneratorRecipe:
    """Read a built-in recipe by name, or a YAML file; `changes` override its values.

    Raises RecipeError with the file and every wrong key.
    """
    path = RECIPES / f"{name_or_path}.yaml"
    if not path.is_file():
        path = Path(name_or_path)
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(
            f"no recipe {name_or_path!r}: give a YAML file, or one of "
            f"{', '.join(recipe_names())}"
        ) from error
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: {yaml_problem(error)}") from error
    if not isinstance(data, dict):
        raise RecipeError(f"{path} must contain a mapping of options")
    data = {"name": path.stem, **data, **changes}
    if problems := explain(GeneratorRecipe, data):
        raise RecipeError(f"{path}: {'; '.join(problems)}")
    return GeneratorRecipe.model_validate(data)
