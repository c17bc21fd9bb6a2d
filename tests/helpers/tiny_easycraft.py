"""Options of EasyCraft whose trainings take a second, and the stage of its encoder."""

from methods.easycraft.pretraining import pretraining_stage, pretraining_styles

PRETRAINING = {
    "engines": ["toon-tiktok"],
    "size": 16,
    "patch": 4,
    "width": 8,
    "depth": 1,
    "heads": 2,
    "decoder_width": 8,
    "decoder_depth": 1,
    "decoder_heads": 2,
    "steps": 3,
    "batch": 4,
    "checkpoint_steps": 1,
}
HEAD = {"views": 8, "width": 4, "steps": 3, "batch": 4, "checkpoint_steps": 1}


def encoder_stage(options, context):
    styles = pretraining_styles(options, context)
    return pretraining_stage(options, styles, context.device)
