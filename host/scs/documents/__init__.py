"""YAML files with their line numbers: reading, validation, units, problems."""
