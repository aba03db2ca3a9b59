"""What people read when a tournament is over."""
