"""Suites that ship with the project, as YAML."""
