"""Route coding work by role: each request goes to the model that plays its role, with a reason."""

__version__ = "0.1.0"
