"""Base classes of the options of a method's parts and of recipes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
)


class Options(BaseModel):
    """Options of one part; unknown keys raise a ValidationError."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NewerOptions(Options):
    """Options of which some were added after results had been published.

    A dump leaves these out while they have their default.

    Dumps are part of stage keys, so stages and published results stay valid.

    Attributes:
        NEWER: names of these options.
    """

    NEWER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _omit_newer_options(
        self, handler: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        fields = type(self).model_fields
        omitted = {
            name
            for field in self.NEWER
            if getattr(self, field) == fields[field].default
            for name in (field, fields[field].serialization_alias)
        }
        return {key: v for key, v in handler(self).items() if key not in omitted}
