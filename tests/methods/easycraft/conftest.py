import pytest
from tiny_easycraft import HEAD, PRETRAINING

from methods.easycraft.options import EasyCraftOptions

TINY = {
    "input_size": 64,
    "samples": 8,
    "pretraining": {
        **PRETRAINING,
        "engines": ["toon-tiktok", "toon-alter"],
        "batch": 6,
    },
    "head": {**HEAD, "views": 12},
}


@pytest.fixture(scope="session")
def easy_options():
    """Makes options of a training that takes a second; `changes` are pretraining's."""

    def make(head=None, **changes):
        return EasyCraftOptions.model_validate(
            {
                **TINY,
                "pretraining": {**TINY["pretraining"], **changes},
                "head": {**TINY["head"], **(head or {})},
            }
        )

    return make
