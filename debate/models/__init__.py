"""Talking to language models: one file a provider, one place that retries, and the actor that hosts them."""
