"""The nouns of the house: frozen models, no input or output."""
