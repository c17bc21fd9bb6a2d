"""The face set `photos`: generated photographs with ground truth by an AI model."""
