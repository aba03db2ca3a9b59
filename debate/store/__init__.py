"""Where a run is kept: the event log, and the folder around it."""
