"""Apps for browsers to visit, one topic a file; `probe_app.py` is the one for all else."""
