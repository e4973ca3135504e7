"""Burden indices and lesions: pure functions of arrays and findings."""
