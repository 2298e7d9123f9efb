"""HTTP between a visitor and an app: fields, bodies, and what the box notices in passing."""
