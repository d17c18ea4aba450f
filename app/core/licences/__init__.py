"""What is inside the program, whose it is and under which licence; also of a bundle that lies elsewhere."""
