"""Messages made: values of one standard, ready for its encoder, from what is neutral. Pure: the time is handed in."""
