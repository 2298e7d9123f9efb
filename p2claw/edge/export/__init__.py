"""The bootstrap as files for any web server: what the edge serves, without a process of ours."""
