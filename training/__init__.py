"""How the text model is made, and how often it is right. `README.md` tells how to run it."""
