"""Training of the paper's networks from a recipe, and their export as a bundle."""

from bonescan.training.allocator import keep_freed_memory

keep_freed_memory()
