"""Reads nuclear-medicine DICOM objects."""

from bonescan.io.dicom_writer import nm_dataset, write_nm

__all__ = ["nm_dataset", "write_nm"]
