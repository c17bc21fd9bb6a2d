"""The commands of avatarbench, one module a subject; each imports what it needs."""
