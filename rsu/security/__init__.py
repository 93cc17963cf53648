"""Who may speak with the unit: keys and the allow-list of its tcp:// endpoints, and CURVE on their sockets."""
