"""The DICOM node: takes studies from cameras and archives, and shows how it is doing."""
