class Error(Exception):
    """A user's mistake or the world's: one clear line that says what is wrong and what to do.

    The command line prints it and exits with 1; nothing half-written is left behind.
    """


class Diverged(Error):
    """Training whose loss or weights are no longer numbers."""
