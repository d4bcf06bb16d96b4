"""What people look at: text for the terminal, one self-contained HTML page."""
