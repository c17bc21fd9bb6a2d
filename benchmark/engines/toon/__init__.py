"""The toon engines: our SVG artwork with the parameters of the SwiftAvatar paper."""

from benchmark.engines.toon.engine import ToonAlter, ToonTikTok

__all__ = ["ToonAlter", "ToonTikTok"]
