"""The tournament: scheduler, director, and the hall in which debates take place."""
