"""Breaks the node on purpose, on this machine alone, and looks whether anything was lost."""
