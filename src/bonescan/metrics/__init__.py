"""Statistics of diagnostic tests, as pure functions of arrays: a statistician can audit them without a model.

Proportions, ROC curves, overlap, detection, correlation, calibration; each with its interval and its source.
"""
