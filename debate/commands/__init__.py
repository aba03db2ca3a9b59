"""One small module a sub-command: `job(config)` does the work and returns the exit code."""
