"""The generator of the film and the pictures of the sample app."""
