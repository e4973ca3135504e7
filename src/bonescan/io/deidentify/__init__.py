"""Scans without patients: the Basic Application Level Confidentiality Profile of DICOM PS3.15 Annex E, for bone scans.

What a bone scan needs is on a list and kept; everything else goes. Options of the profile that are taken: Clean
Descriptors, Retain Longitudinal Temporal Information With Modified Dates, Retain Patient Characteristics (sex and age).
"""
