"""What a customer may ask for under data protection law: all that is kept about them, and its end."""
