"""The commands of avatarbench, one module per subject; each imports what it needs."""
