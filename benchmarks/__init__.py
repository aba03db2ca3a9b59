"""What the engine costs, measured beside its peers and against its limits."""
