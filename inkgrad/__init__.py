"""inkgrad: a handwritten-digit reader, from tinygrad to the browser."""
