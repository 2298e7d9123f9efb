"""Who may enter an app: passwords, invitations, and the sessions that they begin."""
