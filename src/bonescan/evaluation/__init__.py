"""Evaluation of a model, or of any method's predictions, on cohorts whose truth is known.

Every study becomes one record (`records`), and every figure, table and picture is computed from the records alone.
"""
