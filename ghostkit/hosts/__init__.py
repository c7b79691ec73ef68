"""Where ghostkit runs: event-loop bridges and notebook hosts."""
