"""The public front: the same static bootstrap for every host under the parent."""
