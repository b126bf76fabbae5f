"""The one exception that is not a bug."""


class Error(Exception):
    """The user's mistake or the world's: one clear line saying what is wrong and what to do.

    The cli prints it on stderr and exits with 1; anything else that escapes is a bug and keeps its traceback.
    """
