"""Folders as apps: a folder of this machine is served as a site, or as a list of its files."""
