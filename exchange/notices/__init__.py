"""What each person must do next, gathered from every package for the desk."""
