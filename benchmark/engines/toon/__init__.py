"""The toon engines: our own artwork, drawn as SVG, with the parameters of the paper."""

from benchmark.engines.toon.engine import ToonAlter, ToonTikTok

__all__ = ["ToonAlter", "ToonTikTok"]
