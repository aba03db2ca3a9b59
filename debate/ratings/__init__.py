"""Ratings: the live ladder that every verdict moves, the batch model of single ballots, and reading ballot files."""
