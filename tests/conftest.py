"""What every test shares."""

from hypothesis import settings

# A time limit for one example fails tests on a busy machine, and tells nothing about the code.
settings.register_profile("inkgrad", deadline=None)
settings.load_profile("inkgrad")
