"""What officers see of the whole trade: who supplies whom, and what is unusual about it."""
