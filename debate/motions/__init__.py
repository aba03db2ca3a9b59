"""The motion bank: load, lint, draw."""
