"""Message processor for C-V2X roadside units."""
