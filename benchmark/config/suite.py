"""Suites: YAML files that combine variants, engines, faces and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from benchmark.avatars.names import same_but_case
from benchmark.avatars.spec import did_you_mean
from benchmark.config.schema import (
    AblationSection,
    FacesSection,
    Name,
    PlainName,
    Section,
    SpeedSection,
    Split,
    Title,
    VariantSection,
)
from benchmark.registry import ENGINES
from benchmark.storage.yaml_files import load_yaml, yaml_problem
from benchmark.storage.yaml_mistakes import explain
from benchmark.system.home_paths import expand_home

SUITES = Path(str(files("benchmark.suites")))
RESERVED = frozenset({"store", "mlartifacts"})


class SuiteError(ValueError):
    """A suite cannot run; `problems` holds one sentence for each mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Suite(Section):
    """Variants × engines × seeds on one face set, scored by metrics.

    Attributes:
        name: names the folder of its runs.
        title: shown in reports.
        notes: shown in reports.
        faces: the face set.
        designers: of the ground truth. The first is the main one: oracle rows train on
            it and tables show it. The others are sensitivity checks.
        engines: names of engines.
        variants: methods with their options.
        ablation: adds Table 3 to the reports.
        options: shared by every variant whose method has an option of that name. The
            options of a variant override them.
        seeds: one trial for each.
        metrics: names of metrics.
        splits: scored splits.
        render_size: side of scored pictures in pixels.
        speed: how speed is measured.
        device: a torch device, or auto.
        threads: of torch on the CPU; results depend on it.
        from_scratch: use neither generator weights nor cached stages that are shipped
            with the package.
    """

    name: Name
    title: Title
    notes: str = ""
    faces: FacesSection
    designers: tuple[PlainName, ...] = Field(("designer-a",), min_length=1)
    engines: tuple[str, ...] = Field(min_length=1)
    variants: tuple[VariantSection, ...] = Field(min_length=1)
    ablation: AblationSection | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field((0,), min_length=1)
    metrics: tuple[str, ...] = Field(min_length=1)
    splits: tuple[Split, ...] = Field(("heldout", "validation"), min_length=1)
    render_size: int = Field(256, ge=64, le=1024)
    speed: SpeedSection = SpeedSection()
    device: Literal["auto", "cpu", "cuda", "mps"] = "cpu"
    threads: int = Field(2, ge=1, le=1024)
    from_scratch: bool = False

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(
                f"{name} is reserved: another folder next to the runs has this name"
            )
        return name

    @model_validator(mode="after")
    def _no_repeats(self) -> Suite:
        lists: Mapping[str, Sequence[Any]] = {
            "designers": self.designers,
            "engines": self.engines,
            "variants": [variant.name for variant in self.variants],
            "seeds": self.seeds,
            "metrics": self.metrics,
            "splits": self.splits,
        }
        for key, values in lists.items():
            for value in values:
                if list(values).count(value) > 1:
                    raise ValueError(f"{key} lists {value} twice")
        folders = {"designers": self.designers, "engines": self.engines}
        for key, names in folders.items():
            for one, other in same_but_case(names):
                raise ValueError(
                    f"{key}: {one} and {other} differ only in case, and many file "
                    "systems take them for one name; rename one"
                )
        return self

    @model_validator(mode="after")
    def _ablation_of_own_variants(self) -> Suite:
        names = [variant.name for variant in self.variants]
        members = () if self.ablation is None else self.ablation.members
        for name in members:
            if name not in names:
                raise ValueError(
                    f"ablation: no variant is called {name!r}"
                    f"{did_you_mean(name, names)}; "
                    f"the variants are {', '.join(names)}"
                )
        return self


def suite_names() -> tuple[str, ...]:
    """Names of the built-in suites."""
    return tuple(sorted(path.stem for path in SUITES.glob("*.yaml")))


def suite_path(name: str) -> Path:
    """The YAML file of a suite, given as a built-in name or as a path."""
    if name in suite_names():
        return SUITES / f"{name}.yaml"
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        if path.is_file():
            return path
        raise SuiteError([f"{name}: no such suite file"])
    raise SuiteError(
        [
            f"unknown suite {name!r}{did_you_mean(name, suite_names())}; the built-in "
            f"suites are {', '.join(suite_names())}; or give the path of a YAML file"
        ]
    )


def load_suite(name: str, overrides: Iterable[str] = ()) -> Suite:
    """Read and validate a suite; `overrides` are texts such as `options.steps=50`.

    Relative paths are resolved against the folder of the suite file, or against the
    current folder for a built-in suite. Raises SuiteError with all problems at once.
    """
    path = suite_path(name)
    data = read_yaml(path)
    problems = [p for o in overrides if (p := _apply_override(data, o)) is not None]
    if problems:
        raise SuiteError(problems)
    folder = Path.cwd() if path.parent == SUITES else path.parent
    ENGINES.look_in(folder)
    return parse_suite(data, path.name, folder)


def parse_suite(data: Mapping[str, Any], source: str, folder: Path) -> Suite:
    """Validate the data of a suite; `source` names it in messages.

    Relative paths are resolved against `folder`. `~/` at the start of a value stands
    for the home folder.
    """
    data = _expand_home(data)
    if problems := explain(Suite, data):
        raise SuiteError([f"{source}: {problem}" for problem in problems])
    suite = Suite.model_validate(data)
    return suite.model_copy(update={"faces": suite.faces.relative_to(folder)})


def _expand_home(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _expand_home(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_expand_home(value) for value in data]
    return expand_home(data) if isinstance(data, str) else data


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping. A key given twice is an error."""
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SuiteError([f"{path}: {yaml_problem(error)}"]) from None
    except OSError as error:
        raise SuiteError([f"{path}: cannot be read: {error.strerror}"]) from None
    if not isinstance(data, dict):
        raise SuiteError([f"{path}: a suite must be a mapping"])
    return data


def _apply_override(data: dict[str, Any], text: str) -> str | None:
    """Apply one `key.path=value` to `data`; returns the problem, or None."""
    path, equals, value = text.partition("=")
    keys = path.split(".")
    if not equals or not all(keys):
        return f"--set {text}: expected key=value, such as --set seeds=[0,1]"
    try:
        parsed = load_yaml(value)
    except yaml.YAMLError as error:
        return f"--set {text}: {yaml_problem(error)}"
    holder: Any = data
    try:
        for key in keys[:-1]:
            holder = _descend(holder, key)
    except LookupError as error:
        return f"--set {text}: {error.args[0]}"
    if not isinstance(holder, dict):
        return f"--set {text}: {'.'.join(keys[:-1])} is not a mapping"
    holder[keys[-1]] = parsed
    return None


def _descend(holder: Any, key: str) -> Any:
    """The value under `key`; raises LookupError with a sentence if there is none."""
    if isinstance(holder, dict):
        return holder.setdefault(key, {})
    if not isinstance(holder, list):
        raise LookupError(f"cannot look up {key} in a plain value")
    named = {str(item.get("name")): item for item in holder if isinstance(item, dict)}
    if key not in named:
        raise LookupError(f"no item is named {key}{did_you_mean(key, named)}")
    return named[key]
