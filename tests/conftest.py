from hypothesis import settings

# The same examples every time: a run that is red tells of a change, not of luck.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")
