"""Judging: rubrics, the judges, the panels they sit on, and the verdicts that follow from their ballots."""
