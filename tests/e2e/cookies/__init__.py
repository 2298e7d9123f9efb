"""Cookies, in real browsers."""
