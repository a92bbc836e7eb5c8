"""What things are: spans, log records, metric points, and the seam they travel through.

No I/O, no SQL, no HTTP and no clock lives in this room.
"""
