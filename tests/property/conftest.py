"""Property tests have no deadline: the first example pays for imports, and CI machines stall."""

from hypothesis import settings

settings.register_profile("bonescan", deadline=None, derandomize=True)
settings.load_profile("bonescan")
