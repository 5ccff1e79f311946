from hypothesis import settings

# The same examples on every run, and no limit on time, which a busy machine would break.
settings.register_profile("formats", deadline=None, derandomize=True, database=None, max_examples=80)
settings.load_profile("formats")
