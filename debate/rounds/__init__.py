"""A debate: the moderator who walks a format, what speakers are told, and the claims that are traced through it."""
