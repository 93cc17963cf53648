"""How the unit says how it is: what the roles measure, and the pages that show it."""
