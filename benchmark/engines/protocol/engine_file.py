"""Engine files: YAML that says which program draws an engine's avatars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmark.avatars import AvatarError, AvatarSpec
from benchmark.avatars.spec import NONE
from benchmark.engines.protocol.errors import EngineUnavailable
from benchmark.storage.yaml_files import load_yaml, yaml_problem
from benchmark.storage.yaml_mistakes import explain

SUFFIX = ".engine.yaml"
IN_FOLDER = "engine.yaml"


class EngineFile(BaseModel):
    """The keys of an engine file.

    Attributes:
        title: shown in reports.
        version: must change with any pixel of a render.
        source: where the artwork comes from.
        licence: of the artwork.
        command: the program and its arguments; it runs in the file's folder.
        url: address of a service that speaks the protocol over HTTP.
        format: of the pictures in answers.
        draws: which maps the program draws besides pictures.
        batch: most avatars in one request.
        workers: copies of the program, or requests at the same time.
        timeout: seconds for one request.
        startup_timeout: seconds until the program has answered its first request.
        ask_spec: compare the program's own parameters with those of the file.
        parameters: of the avatar, as in `AvatarSpec.to_json`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    version: str
    source: str = "unknown"
    licence: str = "unknown"
    command: tuple[str, ...] = ()
    url: str = ""
    format: Literal["png", "rgb", "svg"] = "png"
    draws: tuple[Literal["parts", "beards"], ...] = ()
    batch: int = Field(16, ge=1, le=1024)
    workers: int = Field(1, ge=1, le=64)
    timeout: float = Field(60.0, gt=0, le=86400)
    startup_timeout: float = Field(30.0, gt=0, le=86400)
    ask_spec: bool = True
    parameters: tuple[dict[str, Any], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _program_or_service(self) -> EngineFile:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either command or url")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://")
        return self


def engine_name(path: Path) -> str:
    """The name of an engine: of `NAME.engine.yaml`, or of the folder of `engine.yaml`.

    `path` must be absolute.
    """
    if path.name == IN_FOLDER:
        return path.parent.name
    return path.name.removesuffix(SUFFIX)


def read_engine_file(path: Path) -> tuple[EngineFile, AvatarSpec]:
    """Read an engine file; raises EngineUnavailable with the file's first mistake."""
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EngineUnavailable(f"{path}: {yaml_problem(error)}") from None
    except OSError as error:
        raise EngineUnavailable(f"{path} cannot be read: {error.strerror}") from None
    if not isinstance(data, dict):
        raise EngineUnavailable(f"{path}: an engine file must be a mapping")
    if problems := explain(EngineFile, data):
        raise EngineUnavailable(f"{path}: {problems[0]}")
    file = EngineFile.model_validate(data)
    try:
        return file, make_spec(engine_name(path), file.parameters)
    except AvatarError as error:
        raise EngineUnavailable(f"{path}: parameters: {error}") from None


def make_spec(name: str, parameters: Sequence[Any]) -> AvatarSpec:
    """A spec of parameters as engine files and programs give them.

    `component` is optional, and `optional` follows from the option `none`. Raises
    AvatarError for anything that is no parameter.
    """
    completed: list[dict[str, Any]] = []
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, dict):
            raise AvatarError(f"item {index} is not a mapping")
        options = parameter.get("options")
        if not isinstance(parameter.get("name"), str):
            raise AvatarError(f"item {index} has no name")
        if parameter.get("type") == "discrete" and not (
            isinstance(options, (list, tuple))
            and all(isinstance(option, str) for option in options)
        ):
            raise AvatarError(
                f"{parameter['name']}: options must be a list of texts (in quotes)"
            )
        extra = {"optional": NONE in options} if isinstance(options, list) else {}
        completed.append({"component": "avatar", **extra, **parameter})
    return AvatarSpec.from_json({"name": name, "parameters": completed})
