"""From suite YAML to a resolved suite."""
