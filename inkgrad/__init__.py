"""inkgrad: a handwritten-digit reader, from tinygrad to the browser."""

__version__ = "0.1.0"
