"""The designers' studio: people make the truth of a face, beside its live avatar."""
