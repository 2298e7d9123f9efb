"""A page of one app asks another app of the same box by its URL, in real browsers."""
