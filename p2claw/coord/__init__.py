"""The coordinator: knows which boxes are online and introduces visitors to them."""
