"""The bodies that writes accept; unknown keys are ignored. Each `source` is the name of the action's input."""
