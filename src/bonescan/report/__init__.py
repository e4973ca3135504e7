"""From findings to words, pictures and a page."""
