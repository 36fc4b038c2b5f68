"""The page of a running gateway: what it decides, what that costs, and what people override.

Pages are rendered here with Jinja2; nothing on them comes from another host, and each works without
a script. `site.py` is the way in, `views/` has one file for each page.
"""
