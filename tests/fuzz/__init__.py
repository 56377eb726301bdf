"""Fuzz targets: properties that hold for whatever bytes come in. FUZZ_CASES sets how many."""
