"""Engines that are programs in any language: JSON lines over pipes or HTTP."""
