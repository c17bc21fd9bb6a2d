import pytest

from methods.easycraft.options import EasyCraftOptions

TINY = {
    "input_size": 64,
    "samples": 8,
    "pretraining": {
        "engines": ["toon-tiktok", "toon-alter"],
        "size": 16,
        "patch": 4,
        "width": 8,
        "depth": 1,
        "heads": 2,
        "decoder_width": 8,
        "decoder_depth": 1,
        "decoder_heads": 2,
        "steps": 3,
        "batch": 6,
        "checkpoint_steps": 1,
    },
    "head": {"views": 12, "width": 4, "steps": 3, "batch": 4, "checkpoint_steps": 1},
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
