"""Simulated patients: body → tracer → foci → camera → two views with their truth.

Start with `patient.draw_patient` and `patient.render`; `cohort.simulate_cohort` makes a folder of them.
"""
