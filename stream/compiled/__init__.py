"""The compiled way from a chunk's bytes to the record batches that answer it: scan, take text, write, frame.

Every function here is plain Python over arrays and integers; `numba.njit` turns it into machine code. What they give is
defined by the plain way, `stream.codecs`, `stream.writing` and `stream.framing`: a record that the scan is not sure of is
left to it, and of all others the bytes are the same. Between scan and write the scorer answers, see `models.compiled`.
"""
