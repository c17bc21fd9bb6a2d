"""Hair, brows, lashes and beards of synthetic portraits as shaded strands."""
