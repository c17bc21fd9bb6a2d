"""The resolved: engines, faces, suites, store, tracking, runner and command line."""
