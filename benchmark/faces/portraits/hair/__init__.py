"""Hair, brows, lashes and beards of synthetic portraits, drawn as shaded strands."""
