"""Decoding and scaling with Pillow: the only package that imports PIL.

Every file is opened by the one plugin of the format its first bytes show, never by
`Image.open`: a disguised file meets no parser it did not ask for, and a phone's JPEG is not
turned into an MPO. Nothing here knows of limits; the caller has checked them by then.
"""

from shoebox.imaging.pillow.decode import Decoded, Source, decode, preload, scaled

__all__ = ["Decoded", "Source", "decode", "preload", "scaled"]
