"""Help > Licences: what is inside the program, with every text; imported when it is first asked for."""
