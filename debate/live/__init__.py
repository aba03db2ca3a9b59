"""What people watch while a tournament runs."""
