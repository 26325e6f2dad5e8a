"""IATI 2.03 activities, written and read. Pure, except `api.py` and `store.py`."""
