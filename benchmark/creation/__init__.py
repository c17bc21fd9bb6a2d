"""Avatars of photographs: from a picture of a person to a vector of an engine."""
